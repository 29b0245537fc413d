"""Keeps macros as compiled, in dbt's folder `target`: compiling takes longer than most previews.

It is code that will be run, as the macros beside it are: who can write there could write those as well.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
from contextlib import suppress
from pathlib import Path
from types import CodeType

import jinja2

from segmentloom_sync import __version__

FOLDER = "segmentloom_macros"
_MADE_BY = importlib.util.MAGIC_NUMBER + f"{__version__} {jinja2.__version__}\n".encode()
_DIGEST_BYTES = 32


class MacroCode:
    """Python code of macro files, made by Jinja.

    Args:
        environment: compiles; its options must not change under one version of this package.
        target: the folder `target`. What cannot be kept there is compiled anew by the next process.
    """

    def __init__(self, environment: jinja2.Environment, target: Path) -> None:
        self._environment = environment
        self._folder = target / FOLDER

    def of(self, text: str) -> CodeType:
        """The code of a file with this text."""
        file = self._folder / hashlib.sha256(_MADE_BY + text.encode()).hexdigest()
        code = _read(file)
        if code is None:
            code = self._environment.compile(text)
            with suppress(OSError):
                _write(file, code)
        return code


def _read(file: Path) -> CodeType | None:
    """None when it is not there, or not whole."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    # As with Python's own bytecode: whoever can write it could write the macros themselves.
    return marshal.loads(code) if hashlib.sha256(code).digest() == digest else None  # noqa: S302


def _write(file: Path, code: CodeType) -> None:
    content = marshal.dumps(code)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(hashlib.sha256(content).digest() + content)
    unfinished.replace(file)
