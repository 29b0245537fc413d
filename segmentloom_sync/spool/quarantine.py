"""Puts aside what cannot be read, with the reason beside it, so that the rest flows and a person can look."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from segmentloom_sync.spool import disk
from segmentloom_sync.spool.directory import QUARANTINE

_REASON: Final = ".reason"


def put_aside(path: Path, reason: str) -> None:
    """Move a whole file of the spool to its quarantine.

    Args:
        path: the file.
        reason: without content of it.

    Raises:
        OSError: the disk refused.
    """
    folder = _folder(path.parent)
    _write(folder / f"{path.name}{_REASON}", f"{reason}\n".encode())
    path.rename(folder / path.name)
    disk.sync_directory(folder)
    disk.sync_directory(path.parent)


def put_part_aside(path: Path, offset: int, content: bytes, reason: str) -> None:
    """Keep a part of a segment in the quarantine. The same part again changes nothing.

    Args:
        path: the segment's file, which stays where it is.
        offset: where the part begins in it.
        content: the part.
        reason: without content of it.

    Raises:
        OSError: the disk refused.
    """
    folder = _folder(path.parent)
    name = f"{path.stem}.{offset}.part"
    _write(folder / f"{name}{_REASON}", f"{reason}\n".encode())
    _write(folder / name, content)
    disk.sync_directory(folder)


def _folder(directory: Path) -> Path:
    folder = directory / QUARANTINE
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        disk.write_all(descriptor, [content])
        disk.sync(descriptor)
    finally:
        os.close(descriptor)
