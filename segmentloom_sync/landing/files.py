"""The files of a load: found, checked and read, plain or gzip, in bounded memory."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import shutil
import stat
import sys
import tempfile
import weakref
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from segmentloom_sync.errors import ConfigError, SegmentloomError
from segmentloom_sync.landing.json_line import MAX_BYTES

STDIN: Final = "-"
_SUFFIXES: Final = frozenset({".jsonl", ".ndjson", ".json"})
_CHUNK: Final = 1024 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file whose content is known, so that the same content is never loaded twice.

    Attributes:
        name: as the caller named it; bytes that are no UTF-8 as escapes, since warehouses take none.
        digest: SHA-256 of the unpacked content.
        size: bytes of the unpacked content.
        line_count: lines in it.
    """

    name: str
    digest: str
    size: int
    line_count: int
    _open: Callable[[], BinaryIO]

    def lines(self) -> Iterator[bytes]:
        """Its lines; of a line beyond the limit only a part that is longer than the limit.

        What was appended since the digest was taken is left for the next load.

        Raises:
            SegmentloomError: what the digest covers has changed meanwhile.
            ConfigError: the file can no longer be read.
        """
        digest = hashlib.sha256()
        left = self.size
        first = True
        with _unpacked(self.name, self._open) as content:
            while left:
                line = content.readline(min(left, MAX_BYTES + 1))
                if not line:
                    break
                digest.update(line)
                left -= len(line)
                end = line
                while left and not end.endswith(b"\n"):
                    end = content.readline(min(left, MAX_BYTES))
                    if not end:
                        break
                    digest.update(end)
                    left -= len(end)
                yield line.removeprefix(_BYTE_ORDER_MARK) if first else line
                first = False
        if left or digest.hexdigest() != self.digest:
            raise SegmentloomError(
                f"{self.name} changed while it was read; nothing of it was landed", hint="load it again"
            )


def find(names: Sequence[str]) -> list[SourceFile]:
    """Find and check all files of a load, in the order given and those of folders in name order.

    Args:
        names: files, folders, or `-` for standard input.

    Raises:
        ConfigError: one is missing, unreadable, damaged, or a folder without event files.
    """
    found = []
    for name in names:
        if not name:
            raise ConfigError("a file name is empty", hint="name a file or a folder, or - for standard input")
        if name == STDIN:
            found.append(_spooled(name, _standard_input))
            continue
        mode = _mode(name)
        if stat.S_ISDIR(mode):
            found += [_check(str(path), _opener(path)) for path in _event_files(Path(name))]
        elif mode and not stat.S_ISREG(mode):
            found.append(_spooled(name, _opener(Path(name))))
        else:
            found.append(_check(name, _opener(Path(name))))
    return found


def _standard_input() -> AbstractContextManager[BinaryIO]:
    # Python has no object for a standard input that was closed before it started.
    if sys.stdin is None or sys.stdin.closed:
        raise ConfigError(f"cannot read {STDIN}: standard input is closed")
    return contextlib.nullcontext(sys.stdin.buffer)


def _mode(name: str) -> int:
    """What kind of file it is; 0 when that cannot be known, and then opening it says why."""
    try:
        return Path(name).stat().st_mode
    except OSError:
        return 0


def _event_files(folder: Path) -> list[Path]:
    paths = []
    try:
        for parent, folders, names in os.walk(folder, onerror=_raise):
            folders[:] = [name for name in folders if not name.startswith(".")]
            paths += [path for name in names if _is_event_file(path := Path(parent, name))]
    except OSError as error:
        raise ConfigError(f"cannot read {error.filename}: {error.strerror or 'unreadable'}") from error
    if not paths:
        raise ConfigError(
            f"no event files in {folder}",
            hint=f"it takes {', '.join(sorted(_SUFFIXES))}, also with .gz; name other files one by one",
        )
    return sorted(paths)


def _raise(error: OSError) -> None:
    raise error


def _is_event_file(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    return plain.suffix in _SUFFIXES and path.is_file()


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb", buffering=_CHUNK)


def _spooled(name: str, opener: Callable[[], AbstractContextManager[BinaryIO]]) -> SourceFile:
    """A stream, which can be read only once, kept in a file without a name: a kill leaves nothing behind."""
    with contextlib.ExitStack() as stack:
        spooled = stack.enter_context(tempfile.TemporaryFile())
        try:
            with opener() as stream:
                shutil.copyfileobj(stream, spooled, _CHUNK)
        except OSError as error:
            raise ConfigError(f"cannot read {name}: {error.strerror or 'unreadable'}") from error

        def rewound() -> BinaryIO:
            spooled.seek(0)
            return io.FileIO(spooled.fileno(), "rb", closefd=False)

        checked = _check(name, rewound)
        weakref.finalize(rewound, stack.pop_all().close)
        return checked


def _check(name: str, opener: Callable[[], BinaryIO]) -> SourceFile:
    digest = hashlib.sha256()
    size = line_count = 0
    last = b"\n"
    with _unpacked(name, opener) as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            line_count += chunk.count(b"\n")
            last = chunk
    line_count += not last.endswith(b"\n")
    printable = os.fsencode(name).decode("utf-8", "backslashreplace")
    return SourceFile(printable, digest.hexdigest(), size, line_count, opener)


@contextmanager
def _unpacked(name: str, opener: Callable[[], BinaryIO]) -> Iterator[BinaryIO]:
    try:
        with opener() as file:
            packed = io.BufferedReader(file, _CHUNK) if isinstance(file, io.RawIOBase) else file
            magic = packed.read(len(_GZIP_MAGIC))
            packed.seek(0)
            if magic == _GZIP_MAGIC:
                with io.BufferedReader(gzip.GzipFile(fileobj=packed), _CHUNK) as content:
                    yield content
            else:
                yield packed
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ConfigError(f"cannot read {name}: it is not a whole gzip file") from error
    except OSError as error:
        raise ConfigError(f"cannot read {name}: {error.strerror or 'unreadable'}") from error
