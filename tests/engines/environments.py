"""Virtual environments beside the product's own, each made from a committed lock file with hashes.

The emulators and the checkers pin versions that clash with the product's and with each other, so each lives
in `tests/engines/environments/<name>`, made on demand and kept until its lock changes.
`python -m tests.engines.environments [NAME...]` makes them ahead of time and prints their `bin` folders.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

FOLDER = Path(__file__).resolve().parent
REPOSITORY = FOLDER.parent.parent
BASE = FOLDER / "environments"
UV = Path(sys.executable).parent / "uv"
TIMEOUT_SECONDS = 600

Name = Literal["fakesnow", "bqemulator", "check", "duckdb2", "lint", "sdks"]
HOLDS_THE_PRODUCT: frozenset[Name] = frozenset({"duckdb2"})


def environment(name: Name) -> Path:
    """The environment's `bin` folder; it is made when it is missing or when its lock has changed.

    Raises:
        RuntimeError: it cannot be made; the message is uv's own.
    """
    with _turn(name):
        place, digest = BASE / name, _digest(name)
        ready = place / "digest"
        if not ready.exists() or ready.read_text() != digest:
            shutil.rmtree(place, ignore_errors=True)
            _uv(place, "venv", "--quiet", "--python", sys.executable, str(place))
            _uv(place, "pip", "sync", "--quiet", "--require-hashes", str(FOLDER / f"{name}.lock"))
            if name in HOLDS_THE_PRODUCT:
                _uv(place, "pip", "install", "--quiet", "--no-deps", "--editable", str(REPOSITORY))
            ready.write_text(digest)
        return place / "bin"


def _digest(name: Name) -> str:
    """Changes with everything that the environment is made of."""
    parts = [FOLDER / f"{name}.lock"]
    if name in HOLDS_THE_PRODUCT:
        parts.append(REPOSITORY / "pyproject.toml")
    content = b"".join(part.read_bytes() for part in parts) + sys.version.encode()
    return hashlib.sha256(content).hexdigest()


@contextmanager
def _turn(name: Name) -> Iterator[None]:
    """Two test runs at once take turns, so that neither sees a half-made environment."""
    BASE.mkdir(exist_ok=True)
    with (BASE / f"{name}.turn").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _uv(place: Path, *arguments: str) -> None:
    done = subprocess.run(
        [str(UV), *arguments],
        env={**os.environ, "VIRTUAL_ENV": str(place)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the environment {place.name} cannot be made: {done.stderr.strip()}")


if __name__ == "__main__":
    for known in get_args(Name):
        if known in (sys.argv[1:] or get_args(Name)):
            print(environment(known))
