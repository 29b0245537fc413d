"""The segment that is being written: made, appended to, synced, sealed or left behind."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from segmentloom_sync.spool import disk
from segmentloom_sync.spool.directory import sealed_name, segment_name
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.segment import new_segment

_numbers = itertools.count(1)


class OpenSegment:
    """The segment that is being written. Its lock tells others that its writer lives.

    Args:
        directory: the spool's folder.
        keys: encrypts under the ring's current key; None: plain.
        worker: the writer's name.
        now: aware.

    Raises:
        OSError: the disk refused; so do `write`, `sync` and `seal`, after which only `leave` may be called.
    """

    def __init__(self, directory: Path, keys: KeyRing | None, worker: str, now: datetime) -> None:
        self.path = directory / segment_name(now, worker, next(_numbers))
        self.begun = time.monotonic()
        header, self._layout = new_segment(now.astimezone(UTC).isoformat(), worker, keys)
        # It gets its name when its lock and header are there: who finds it free of a lock finds it dead.
        unnamed = directory / f".{self.path.name}"
        self._descriptor = os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            if not disk.try_lock(self._descriptor):
                raise OSError(errno.EBUSY, "a new file is locked")
            disk.write_all(self._descriptor, [header])
            disk.sync(self._descriptor)
            unnamed.rename(self.path)
            disk.sync_directory(directory)
        except BaseException:
            os.close(self._descriptor)
            unnamed.unlink(missing_ok=True)
            raise
        self._kept = self._header_size = len(header)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._layout.offset

    def write(self, content: bytes) -> None:
        """Append a frame; it is safe after the next `sync`."""
        head, payload = self._layout.frame(content)
        disk.write_all(self._descriptor, [head, payload])
        self._layout.add(head, payload, content.count(b"\n"))

    def sync(self) -> None:
        """Wait until the disk has what was written."""
        disk.sync(self._descriptor)
        self._kept = self._layout.offset

    def seal(self) -> None:
        """Complete it: from now on a loader may take it."""
        head, payload = self._layout.closing_frame()
        disk.write_all(self._descriptor, [head, payload])
        self._layout.add(head, payload, 0)
        self.sync()
        name = sealed_name(self.path.name, self._layout.digest.hexdigest())
        self.path.rename(self.path.with_name(name))
        disk.sync_directory(self.path.parent)
        os.close(self._descriptor)

    def leave(self) -> None:
        """Leave it to be recovered, without what failed; without anything, take it away."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._kept)
            if self._kept == self._header_size:
                self.path.unlink()
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
