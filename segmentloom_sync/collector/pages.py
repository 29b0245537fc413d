"""What is read from the collector: its health, its metrics, the settings and the script for web pages."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Final

from segmentloom_sync.collector.accept import Collector
from segmentloom_sync.collector.authentication import Credential, credential_of
from segmentloom_sync.collector.client_address import is_internal
from segmentloom_sync.collector.metrics import CONTENT_TYPE
from segmentloom_sync.collector.replies import (
    json_reply,
    method_not_allowed,
    not_found,
    text_reply,
    unavailable,
)
from segmentloom_sync.collector.request import Headers, Refusal, Reply, Request
from segmentloom_sync.collector.routes import EVENT_ROUTES, settings_key
from segmentloom_sync.collector.settings_documents import rudder_source, segment_settings

_SCRIPT: Final = "segmentloom.js"
_READS: Final = ("GET", "HEAD")


class Pages:
    """Answers everything but events.

    Args:
        collector: knows the keys.
        is_ready: whether events are taken now.
        metrics: the text for Prometheus.
    """

    def __init__(
        self, collector: Collector, is_ready: Callable[[], bool], metrics: Callable[[], str]
    ) -> None:
        self._collector = collector
        self._is_ready = is_ready
        self._metrics = metrics
        self._script = _packaged_script()
        self._pages: dict[str, tuple[str, Callable[[Request], Reply]]] = {
            "/healthz": ("healthz", lambda _: text_reply(200, "ok\n")),
            "/readyz": ("readyz", self._readiness),
            "/metrics": ("metrics", self._measured),
            f"/{_SCRIPT}": ("script", self._sdk),
            "/sourceConfig": ("settings", self._rudder),
        }

    def name(self, path: str) -> str:
        """What logs and metrics call a path; those that are not ours have one name."""
        if path in EVENT_ROUTES:
            return EVENT_ROUTES[path].name
        found = self._pages.get(path.rstrip("/"))
        return found[0] if found else "settings" if settings_key(path) else "other"

    def answer(self, request: Request) -> Reply:
        """Answer a request for one of these, or a browser's question before a request (OPTIONS).

        Raises:
            Refusal: 401, 403, 404, 405 or 503.
        """
        page = self._pages.get(request.path.rstrip("/"))
        key = settings_key(request.path)
        if page is None and key is None and request.path not in EVENT_ROUTES:
            raise not_found()
        if request.method == "OPTIONS":
            origin, asked = request.header("origin"), request.header("access-control-request-headers")
            return Reply(204, b"", self._collector.callers.origins.preflight(origin, asked))
        if page is None and key is None:
            raise method_not_allowed("POST", "OPTIONS")
        if request.method not in _READS:
            raise method_not_allowed(*_READS, "OPTIONS")
        return page[1](request) if page else self._segment(request, key or "")

    def _readiness(self, _: Request) -> Reply:
        if not self._is_ready():
            raise unavailable("no events are taken now")
        return text_reply(200, "ready\n")

    def _measured(self, request: Request) -> Reply:
        # A proxy that is not trusted would make everybody look internal: what it forwards is not answered.
        client = self._collector.client(request)
        is_forwarded = request.header("x-forwarded-for") is not None and client == request.peer
        if is_forwarded or not is_internal(client):
            raise Refusal(403, "forbidden", "metrics are for clients in private networks")
        return Reply(200, self._metrics().encode(), [("content-type", CONTENT_TYPE)])

    def _sdk(self, request: Request) -> Reply:
        if self._script is None:
            raise not_found("this installation has no JavaScript library: take it from the npm package")
        headers: Headers = [
            ("content-type", "text/javascript; charset=utf-8"),
            ("cache-control", "public, max-age=3600"),
            ("access-control-allow-origin", "*"),
        ]
        return Reply(200, self._script, headers)

    def _segment(self, request: Request, key: str) -> Reply:
        if not self._collector.callers.is_public(key):
            raise not_found("no such public key")
        return json_reply(200, segment_settings(key), self._for_page(request))

    def _rudder(self, request: Request) -> Reply:
        credential = credential_of(request) or Credential("", "header")
        caller = self._collector.callers.identify(credential)
        if caller.is_secret:
            raise Refusal(403, "forbidden", "web pages use a public key")
        return json_reply(200, rudder_source(credential.text, caller.key.source), self._for_page(request))

    def _for_page(self, request: Request) -> Headers:
        return self._collector.callers.origins.headers(request.header("origin"))


def _packaged_script() -> bytes | None:
    file = resources.files("segmentloom_sync.collector").joinpath("static", _SCRIPT)
    return file.read_bytes() if file.is_file() else None
