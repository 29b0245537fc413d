"""Writes records to the spool and says when they are safe on the disk.

One thread writes. Records that come while it waits for the disk are written together next time (group
commit), so that the disk's latency is paid once for all of them. Nobody is told that a record is kept before
the disk has it.
"""

from __future__ import annotations

import contextlib
import errno
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

from segmentloom_sync.errors import TryAgainLater
from segmentloom_sync.spool.directory import make_directory, short_of_space
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.open_segment import OpenSegment

SEAL_BYTES: Final = 16 * 1024 * 1024
SEAL_SECONDS: Final = 10.0
PENDING_BYTES: Final = 64 * 1024 * 1024
_FRAME_BYTES: Final = 8 * 1024 * 1024
_PAUSE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.25
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SpoolUnavailable(TryAgainLater):
    """The record is not kept; the same request may be sent again later. `retry_after` is in seconds."""

    retry_after: ClassVar[int] = 5


class SpoolFull(SpoolUnavailable):
    """The disk is full or nearly so, or more waits to be written than memory is given to."""


class SpoolFailed(SpoolUnavailable):
    """The disk refused to write."""


class SpoolClosed(SpoolUnavailable):
    """The collector is shutting down."""


class SpoolWriter:
    """Appends records to segments of a spool. Its methods may be called by any thread.

    A segment whose write or sync failed is left as it is and never written to again; the next one is begun
    with the next record. What it holds is recovered when the spool is loaded.

    Args:
        directory: the spool's folder; it is made.
        keys: encrypts under the ring's current key; None: plain.
        worker: names this writer among those that share the folder; letters and digits.
        seal_bytes: a segment of that size is sealed.
        seal_seconds: so is one that was begun that long ago.
        free_floor: bytes that must stay free on the disk; None: the smaller of 5 % of it and 1 GiB.
        pending_bytes: how much may wait for the disk in memory.
        clock: gives the time for names, aware.

    Raises:
        ConfigError: the folder cannot be made or written to.
    """

    def __init__(
        self,
        directory: Path,
        *,
        keys: KeyRing | None,
        worker: str = "0",
        seal_bytes: int = SEAL_BYTES,
        seal_seconds: float = SEAL_SECONDS,
        free_floor: int | None = None,
        pending_bytes: int = PENDING_BYTES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        make_directory(directory)
        self.commits = 0
        self.written_records = 0
        self.written_bytes = 0
        self.failures = 0
        self._directory = directory
        self._keys = keys
        self._worker = worker
        self._clock = clock
        self._seal_bytes = seal_bytes
        self._seal_seconds = seal_seconds
        self._free_floor = free_floor
        self._pending_limit = pending_bytes
        self._segment: OpenSegment | None = None
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._chunks: list[bytes] = []
        self._pending_bytes = 0
        self._pending_records = 0
        self._future: Future[None] = Future()
        self._is_idle = False
        self._is_closing = False
        self._refusal: SpoolUnavailable | None = None
        self._look_again = 0.0
        self._look_for_space()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def append(self, chunk: bytes, count: int = 1) -> Future[None]:
        """Keep records.

        Args:
            chunk: whole records, each with its line end.
            count: how many they are.

        Returns:
            A future that all calls of one group share: never cancel it. It has a result once the disk has the
            records, or a SpoolUnavailable when it may not have them.

        Raises:
            SpoolFull: the disk is full, or too much waits for it.
            SpoolFailed: the disk refused a moment ago.
            SpoolClosed: `close` was called.
        """
        with self._lock:
            if self._refusal is not None:
                self._refuse_or_go_on()
            if self._pending_bytes + len(chunk) > self._pending_limit:
                raise SpoolFull("too many events wait for the disk")
            self._chunks.append(chunk)
            self._pending_bytes += len(chunk)
            self._pending_records += count
            if self._is_idle:
                self._is_idle = False
                self._wake.notify()
            return self._future

    def ready(self) -> bool:
        """Whether records would be taken now, as far as one can know without writing."""
        with self._lock:
            try:
                if self._refusal is None:
                    self._look_for_space()
                if self._refusal is not None:
                    self._refuse_or_go_on()
            except SpoolUnavailable:
                return False
            return self._thread.is_alive()

    def close(self) -> None:
        """Write what waits, seal the segment and take no more. A second call does nothing.

        Raises:
            SpoolFailed: the last segment could not be sealed; the next collector or loader does it.
        """
        with self._lock:
            self._is_closing = True
            self._refusal = SpoolClosed("the collector is shutting down")
            self._look_again = float("inf")
            self._wake.notify()
        self._thread.join()
        segment, self._segment = self._segment, None
        if segment is not None:
            self._seal(segment)

    def _refuse_or_go_on(self) -> None:
        """While records are refused, look now and then whether the cause has gone. The lock is held."""
        if time.monotonic() >= self._look_again:
            self._refusal = None
            self._look_for_space()
        if self._refusal is not None:
            raise self._refusal.with_traceback(None)  # it is raised many times, and would grow

    def _look_for_space(self) -> None:
        try:
            if short_of_space(self._directory, self._free_floor):
                self._refuse(SpoolFull("the disk of the spool is nearly full"))
        except OSError as error:
            self._refuse(_refusal(error))

    def _refuse(self, refusal: SpoolUnavailable) -> None:
        if not isinstance(self._refusal, SpoolClosed):
            self._refusal = refusal
            self._look_again = time.monotonic() + _PAUSE_SECONDS

    def _run(self) -> None:
        try:
            self._write_all()
        except BaseException as error:  # whatever it is, nobody may wait for ever
            with self._lock:
                self._is_closing = True
                self._refuse(_refusal(error))
                self._look_again = float("inf")
            self._future.set_exception(_refusal(error))
            raise

    def _write_all(self) -> None:
        looked = time.monotonic()
        while True:
            with self._lock:
                while not self._chunks and not self._is_closing and not self._is_due():
                    self._is_idle = True
                    self._wake.wait(self._until_due())
                    self._is_idle = False
                if self._is_closing and not self._chunks:
                    return
                chunks, self._chunks = self._chunks, []
                records, self._pending_records = self._pending_records, 0
                size, self._pending_bytes = self._pending_bytes, 0
                future = self._future
                if chunks:
                    self._future = Future()
            if chunks:
                self._commit(chunks, size, records, future)
            if self._is_due():
                segment, self._segment = self._segment, None
                with contextlib.suppress(SpoolFailed):
                    self._seal(segment)
            now = time.monotonic()
            if now - looked > _LOOK_SECONDS:
                looked = now
                with self._lock:
                    if self._refusal is None:
                        self._look_for_space()

    def _commit(self, chunks: list[bytes], size: int, records: int, future: Future[None]) -> None:
        try:
            segment = self._segment
            if segment is None:
                segment = OpenSegment(self._directory, self._keys, self._worker, self._clock())
                self._segment = segment
            for content in _contents(chunks, size):
                segment.write(content)
            segment.sync()
        except BaseException as error:  # whatever it is, nobody may wait for ever, or be told that it is kept
            refusal = _refusal(error)
            segment, self._segment = self._segment, None
            if segment is not None:
                segment.leave()
            with self._lock:
                self.failures += 1
                self._refuse(refusal)
            future.set_exception(refusal)
            return
        self.commits += 1
        self.written_records += records
        self.written_bytes += size
        future.set_result(None)

    def _is_due(self) -> bool:
        segment = self._segment
        return segment is not None and (segment.size >= self._seal_bytes or self._until_due() == 0)

    def _until_due(self) -> float | None:
        if self._segment is None:
            return None
        return max(0.0, self._segment.begun + self._seal_seconds - time.monotonic())

    def _seal(self, segment: OpenSegment | None) -> None:
        if segment is None:
            return
        try:
            segment.seal()
        except OSError as error:
            segment.leave()
            with self._lock:
                self.failures += 1
                self._refuse(_refusal(error))
            raise SpoolFailed(f"cannot seal {segment.path.name}: {error.strerror}") from None


def _contents(chunks: list[bytes], size: int) -> list[bytes]:
    """The chunks joined to the contents of frames, of bounded size unless one chunk is larger."""
    if size <= _FRAME_BYTES:
        return [b"".join(chunks)]
    contents: list[bytes] = []
    part: list[bytes] = []
    length = 0
    for chunk in chunks:
        if part and length + len(chunk) > _FRAME_BYTES:
            contents.append(b"".join(part))
            part, length = [], 0
        part.append(chunk)
        length += len(chunk)
    return [*contents, b"".join(part)]


def _refusal(error: BaseException) -> SpoolUnavailable:
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return SpoolFull("the disk of the spool is full")
    reason = error.strerror if isinstance(error, OSError) else type(error).__name__
    return SpoolFailed(f"the spool cannot be written: {reason}")
