"""Runs the collector until it is told to end: starts it, looks after it every second, and drains it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from segmentloom_sync.collector.accept import Collector
from segmentloom_sync.collector.access_log import AccessLog, BackgroundWriter, Wanted
from segmentloom_sync.collector.authentication import Callers
from segmentloom_sync.collector.client_address import Kept, TrustedProxies
from segmentloom_sync.collector.key import Key
from segmentloom_sync.collector.key_file import KeyFile
from segmentloom_sync.collector.limits import HEAD_SECONDS
from segmentloom_sync.collector.listening import Listening
from segmentloom_sync.collector.loader import LoaderProcess
from segmentloom_sync.collector.metrics import Counts, metrics_text
from segmentloom_sync.collector.pages import Pages
from segmentloom_sync.collector.rsgi import Application
from segmentloom_sync.errors import ConfigError, SegmentloomError
from segmentloom_sync.spool.commits import AsyncSpool
from segmentloom_sync.spool.directory import SpoolState, spool_state
from segmentloom_sync.spool.writer import SpoolFailed, SpoolWriter

_TICK_SECONDS: Final = 1.0
_DRAIN_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 3.0
_OTHER_FILES: Final = 256
_MOST_CONNECTIONS: Final = 16_384
_HEAD_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Service:
    """How a collector is to run.

    Attributes:
        spool: its folder, held by the caller.
        load: what loads the spool now and then; None: nobody does.
        allows_body_key: secret keys may be in the body.
    """

    listening: Listening
    spool: Path
    writer: SpoolWriter
    keys: KeyFile
    proxies: TrustedProxies
    addresses: Kept
    logged: Wanted
    load: LoaderProcess | None
    allows_body_key: bool = False


def serve(service: Service, announce: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT, then answer what has begun, seal the spool and end.

    Args:
        announce: called when requests are answered.

    Raises:
        ConfigError: the keys cannot be read.
        SegmentloomError: the server does not start, or ends by itself.
    """
    import uvloop

    gc.collect()
    gc.freeze()
    # What requests leave is freed by reference counts; there is little for the search for cycles to find.
    gc.set_threshold(50_000, 20, 50)
    uvloop.run(_Run(service).until_told(announce))


class _Run:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._counts = Counts()
        self._writer = BackgroundWriter()
        self._log = AccessLog(service.logged, self._writer.write)
        self._callers = self._new_callers(service.keys.read())
        self._keys_seen = service.keys.stamp()
        self._collector = Collector(self._callers, proxies=service.proxies, addresses=service.addresses)
        self._state = (0.0, SpoolState(0, 0, 0.0, 0))
        self._application: Application | None = None
        self._stop = asyncio.Event()

    async def until_told(self, announce: Callable[[], None]) -> None:
        service, loop = self._service, asyncio.get_running_loop()
        self._stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        pages = Pages(self._collector, self._is_ready, self._metrics)
        application = self._application = Application(
            self._collector, pages, AsyncSpool(service.writer), self._counts, self._log
        )
        server = _server(application, service.listening)
        serving = asyncio.create_task(server.serve())
        await service.listening.until_open(serving)
        looking_after = asyncio.create_task(self._look_after())
        loading = asyncio.create_task(service.load.keep_running(self._loaded)) if service.load else None
        announce()
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait([stopping, serving], return_when=asyncio.FIRST_COMPLETED)
        has_failed = serving.done()
        await self._drain(application)
        for task in (looking_after, loading):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._log.flush()
        self._writer.close()
        server.stop()
        # Nothing that matters is left to do: a connection that does not end is no reason to stay.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), _STOP_SECONDS)
        if has_failed:
            raise SegmentloomError(
                "the HTTP server ended by itself; what was answered with 200 is in the spool"
            )
        if not serving.done():
            os._exit(0)

    async def _drain(self, application: Application) -> None:
        self._log.note("draining", in_flight=application.in_flight)
        application.is_draining = True
        deadline = time.monotonic() + _DRAIN_SECONDS
        while application.in_flight and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        try:
            await asyncio.to_thread(self._service.writer.close)
        except SpoolFailed as error:
            self._log.note("spool_not_sealed", detail=error.message)

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            if self._application:
                self._application.end_late_bodies()
            self._read_changed_keys()
            self._log.flush()

    def _read_changed_keys(self) -> None:
        stamp = self._service.keys.stamp()
        if stamp == self._keys_seen:
            return
        self._keys_seen = stamp
        try:
            keys = self._service.keys.read()
        except ConfigError as error:
            self._log.note("keys_not_read", detail=error.message)
            return
        self._callers = self._new_callers(keys, before=self._callers)
        self._collector.callers = self._callers
        self._log.note("keys_read", live=len(self._callers))

    def _new_callers(self, keys: Iterable[Key], before: Callers | None = None) -> Callers:
        return Callers(keys, time.monotonic, before=before, allows_body_key=self._service.allows_body_key)

    def _is_ready(self) -> bool:
        draining = self._application is not None and self._application.is_draining
        return not draining and self._service.writer.ready()

    def _metrics(self) -> str:
        now = time.monotonic()
        if now - self._state[0] > _TICK_SECONDS:
            self._state = (now, spool_state(self._service.spool))
        in_flight = self._application.in_flight if self._application else 0
        return metrics_text(self._counts, self._service.writer, self._state[1], in_flight, self._is_ready())

    def _loaded(self, facts: dict[str, Any]) -> None:
        self._counts.loads += 1
        self._counts.failed_loads += "error" in facts
        if any(facts.get(name) for name in ("landed", "rejected", "quarantined", "error")):
            self._log.note("loaded" if "error" not in facts else "not_loaded", **facts)


def _server(application: Application, listening: Listening) -> Any:
    from granian.constants import HTTPModes, Interfaces, SSLProtocols
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    return Server(
        application,
        address=listening.address,
        port=listening.port,
        interface=Interfaces.RSGI,
        # Told to find out the version by itself it waits for ever for a client that says nothing.
        http=HTTPModes.http1,
        websockets=False,
        backlog=4096,
        backpressure=_connections(),
        http1_settings=HTTP1Settings(
            header_read_timeout=int(HEAD_SECONDS * 1000), max_buffer_size=_HEAD_BYTES
        ),
        log_enabled=False,
        ssl_cert=listening.certificate,
        ssl_key=listening.private_key,
        ssl_protocol_min=SSLProtocols.tls12,
    )


def _connections() -> int:
    """How many connections there may be at once: as many as files may be open, but for some."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _OTHER_FILES
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(128, most - _OTHER_FILES)
