"""Waits for commits of the spool in an event loop: one wake-up for all requests of a group."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from segmentloom_sync.spool.writer import SpoolWriter


class AsyncSpool:
    """A `SpoolWriter` for the coroutines of one event loop.

    Args:
        writer: writes.
        loop: theirs; default: the running one.
    """

    def __init__(self, writer: SpoolWriter, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._append = writer.append
        self._loop = loop or asyncio.get_running_loop()
        self._commit: Future[None] | None = None
        self._kept: asyncio.Future[None] = self._loop.create_future()

    def append(self, chunk: bytes, count: int = 1) -> asyncio.Future[None]:
        """Keep records; await what it returns. Only in the event loop's thread.

        Args:
            chunk: whole records, each with its line end.
            count: how many they are.

        Raises:
            SpoolUnavailable: right away, or when the future is awaited, as `SpoolWriter.append` says.
        """
        commit = self._append(chunk, count)
        if commit is not self._commit:
            kept = _Shared(loop=self._loop)
            self._commit, self._kept = commit, kept
            commit.add_done_callback(lambda done: self._tell(done, kept))
        return self._kept

    def _tell(self, commit: Future[None], kept: _Shared) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(kept.settle, commit.exception())


class _Shared(asyncio.Future[None]):
    """Awaited by many: when one of them is cancelled, the others still get their answer."""

    def cancel(self, msg: object = None) -> bool:
        return False

    def settle(self, error: BaseException | None) -> None:
        if error is None:
            self.set_result(None)
        else:
            self.set_exception(error)
            self.exception()  # whoever awaited it is gone: no complaint that nobody looked
