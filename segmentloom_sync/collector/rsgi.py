"""The collector behind granian, by its RSGI interface: reads bodies within limits and sends replies.

https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from granian._granian import RSGIProtocolClosed

from segmentloom_sync.collector.accept import Accepted, Collector
from segmentloom_sync.collector.access_log import AccessLog
from segmentloom_sync.collector.body import too_large
from segmentloom_sync.collector.client_address import without_port
from segmentloom_sync.collector.limits import (
    ARRIVING_BYTES,
    BATCH_BYTES,
    BODY_SECONDS,
    DISCARDED_BYTES,
    SMALL_BODY_BYTES,
)
from segmentloom_sync.collector.metrics import Counts
from segmentloom_sync.collector.pages import Pages
from segmentloom_sync.collector.replies import refusal_reply, unavailable
from segmentloom_sync.collector.request import Refusal, Reply, Request
from segmentloom_sync.collector.routes import EVENT_ROUTES
from segmentloom_sync.spool.commits import AsyncSpool
from segmentloom_sync.spool.writer import SpoolUnavailable

_CLOSE: Final = ("connection", "close")
_BODYLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOST: Final = frozenset({408, 413})
"""After these the rest of the body may be in the way of the next request."""


class Application:
    """Answers requests; all of it runs in one event loop.

    Args:
        collector: decides.
        pages: everything but events.
        spool: keeps.
        counts: what `/metrics` tells.
        log: of requests.
    """

    def __init__(
        self, collector: Collector, pages: Pages, spool: AsyncSpool, counts: Counts, log: AccessLog
    ) -> None:
        self.in_flight = 0
        self.is_draining = False
        self._collector = collector
        self._pages = pages
        self._spool = spool
        self._counts = counts
        self._log = log
        self._arriving_bytes = 0
        self.now: Callable[[], float] = asyncio.get_running_loop().time
        self.bodies: dict[asyncio.Task[Any] | None, float] = {}
        """Tasks that read a body, since when."""
        self.late: set[asyncio.Task[Any] | None] = set()
        """Those whose time was up."""

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        started = self.now()
        self.in_flight += 1
        route = None
        accepted = None
        is_read = False
        try:
            request = Request(
                scope.method,
                scope.path,
                scope.query_string,
                without_port(scope.client),
                scope.headers.get,
            )
            route = EVENT_ROUTES.get(request.path) if request.method == "POST" else None
            try:
                if route is None:
                    reply = self._pages.answer(request)
                elif self.is_draining:
                    raise unavailable("the collector is shutting down")
                else:
                    admitted = self._collector.admit(request, route)
                    is_read = True
                    accepted = self._collector.accept(admitted, await self._body(request, protocol))
                    reply = await self._kept(accepted)
            except Refusal as error:
                refusal = error
                if not is_read and request.method not in _BODYLESS:
                    refusal = await self._discard(protocol, refusal)
                reply = self._refused(refusal, request)
            except RSGIProtocolClosed:
                raise
            except (
                Exception
            ) as error:  # nobody foresaw it: the sender may try again, and the log says where it was
                self._log.note("internal_error", **_place(error))
                reply = self._refused(Refusal(500, "internal_error", "please report it"), request)
            headers = [*reply.headers, _CLOSE] if self.is_draining else reply.headers
            protocol.response_bytes(reply.status, headers, reply.body)
            name = route.name if route else self._pages.name(request.path)
            self._counts.requests[name, reply.status] += 1
            self._log.request(
                name,
                request.method,
                reply.status,
                (self.now() - started) * 1000,
                accepted.caller.key.id if accepted else None,
                accepted.records if accepted else 0,
            )
        except RSGIProtocolClosed:
            self._counts.requests[route.name if route else "other", 0] += 1  # the client has gone
        finally:
            self.in_flight -= 1

    def end_late_bodies(self) -> None:
        """Give up bodies that have taken too long to arrive; to be called every second or so."""
        oldest = self.now() - BODY_SECONDS
        for task, begun in list(self.bodies.items()):
            if begun < oldest and task is not None:
                self.late.add(task)
                task.cancel()

    async def _kept(self, accepted: Accepted) -> Reply:
        try:
            await self._spool.append(accepted.chunk, accepted.records)
        except SpoolUnavailable as error:
            raise unavailable(error.message) from None
        self._counts.keep(accepted)
        self._collector.remember(accepted)
        return accepted.reply

    def _refused(self, refusal: Refusal, request: Request) -> Reply:
        reply = refusal_reply(refusal, self._collector.callers.origins.headers(request.header("origin")))
        return reply._replace(headers=[*reply.headers, _CLOSE]) if refusal.status in _LOST else reply

    async def _body(self, request: Request, protocol: Any) -> bytes:
        """The whole body. When it is refused, it has been read all the same."""
        length = request.header("content-length")
        with _Limited(self):
            if length is not None and int(length) <= SMALL_BODY_BYTES:
                body: bytes = await protocol()
                return body
            is_too_large = length is not None and int(length) > BATCH_BYTES
            return await self._read(protocol, too_large(BATCH_BYTES) if is_too_large else None)

    async def _discard(self, protocol: Any, refusal: Refusal) -> Refusal:
        """Read a body away, so that its sender comes to read the answer."""
        try:
            with _Limited(self):
                await self._read(protocol, refusal)
        except Refusal as error:
            return error
        return refusal

    async def _read(self, protocol: Any, refusal: Refusal | None) -> bytes:
        parts: list[bytes] = []
        size = held = 0
        try:
            async for part in protocol:
                size += len(part)
                if refusal is None:
                    parts.append(part)
                    held += len(part)
                    self._arriving_bytes += len(part)
                    if size > BATCH_BYTES:
                        refusal = too_large(BATCH_BYTES)
                    elif self._arriving_bytes > ARRIVING_BYTES:
                        refusal = unavailable("too many long requests arrive at once")
                elif parts:
                    parts.clear()
                if size > DISCARDED_BYTES:
                    break
        finally:
            self._arriving_bytes -= held
        if refusal is not None:
            raise refusal
        return b"".join(parts)


def _place(error: Exception) -> dict[str, str]:
    """Where an error arose; its text may quote anything, so it is not logged."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "at": f"{Path(last.filename).name}:{last.lineno}"}


class _Limited:
    """Ends what its task waits for when `end_late_bodies` finds that it takes too long."""

    __slots__ = ("_application", "_task")

    def __init__(self, application: Application) -> None:
        self._application = application
        self._task = asyncio.current_task()

    def __enter__(self) -> None:
        self._application.bodies[self._task] = self._application.now()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        del self._application.bodies[self._task]
        if kind is asyncio.CancelledError and self._task in self._application.late:
            self._application.late.discard(self._task)
            raise Refusal(408, "too_slow", f"the body took longer than {BODY_SECONDS:g} s") from None
