"""What the spool asks of the file system: durable writes, locks that end with their holder, free space."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from segmentloom_sync.errors import ConfigError

if sys.platform == "win32":
    raise ConfigError("the collector and its spool need Linux or macOS")

import fcntl


def write_all(descriptor: int, parts: Sequence[bytes | memoryview]) -> None:
    """Write all of it at the end; a disk that is full takes a part first and refuses the rest.

    Raises:
        OSError: it was refused; a part may have been written.
    """
    left = sum(map(len, parts))
    written = os.writev(descriptor, parts)
    if written == left:
        return
    rest = memoryview(b"".join(parts))[written:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync(descriptor: int) -> None:
    """Wait until what was written is on the disk, with the file's length.

    Raises:
        OSError: the disk failed; what was written since the last call may be lost or not.
    """
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync stops at the drive's own cache there
    else:
        os.fdatasync(descriptor)


def sync_directory(directory: Path) -> None:
    """Wait until names that were made, changed or removed there are on the disk.

    Raises:
        OSError: the disk failed.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file unless another holds it; it ends with the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_still(descriptor: int, path: Path) -> bool:
    """Whether a path names the file that is open: it may have been renamed since it was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def free_and_total(directory: Path) -> tuple[int, int]:
    """Bytes that are free for us on the disk of a directory, and all that it has."""
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
