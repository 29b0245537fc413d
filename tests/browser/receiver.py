"""A collector's place on the wire: answers by a plan, keeps what arrived, notes what breaks the contract."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "pk_test_0123456789"
EVENT_BYTES, BODY_BYTES = 32 * 1024, 64 * 1024
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TYPES = frozenset({"track", "page", "identify", "group", "alias"})
CONTEXT = frozenset(
    {"page", "locale", "timezone", "user_agent", "session", "campaign", "consent", "gpc", "library"}
)
WAIT_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What the receiver does with one request.

    Attributes:
        status: 0 drops the connection after the body has been read.
        retry_after: seconds, in the header.
        after: waits for this before it answers.
    """

    status: int = 200
    retry_after: int | None = None
    after: threading.Event | None = None


@dataclass(frozen=True)
class Delivery:
    """One request that arrived, when (by `time.monotonic`, in seconds), and how it was answered."""

    at: float
    status: int
    events: list[dict[str, Any]]
    headers: dict[str, str]
    body_bytes: int


@dataclass
class Received:
    """All that has arrived since the last `forget`."""

    deliveries: list[Delivery] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


class Receiver:
    """A server on a free port of this machine; use it as a context manager."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._plan: deque[Answer] = deque()
        self.received = Received()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def plan(self, *answers: Answer | int) -> None:
        """How the next requests are answered; after these with 200."""
        self._plan = deque(Answer(answer) if isinstance(answer, int) else answer for answer in answers)

    def forget(self) -> None:
        """Starts anew."""
        with self._arrived:
            self._plan.clear()
            self.received = Received()

    def arrivals(self) -> list[dict[str, Any]]:
        """Every event on the wire, however it was answered, as often as it came."""
        return [event for delivery in self.received.deliveries for event in delivery.events]

    def accepted(self) -> list[dict[str, Any]]:
        """The events that were answered with 200."""
        return [
            event
            for delivery in self.received.deliveries
            if delivery.status == 200
            for event in delivery.events
        ]

    def ids(self) -> list[str]:
        """The message id of every event on the wire."""
        return [event["message_id"] for event in self.arrivals()]

    def names(self) -> list[str]:
        """What was accepted: the type of each event, of a track its event."""
        return [event.get("event", event["type"]) for event in self.accepted()]

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Waits until something holds; it is looked at after each arrival.

        Raises:
            AssertionError: it does not come to hold within half a minute.
        """
        with self._arrived:
            if not self._arrived.wait_for(condition, WAIT_SECONDS):
                raise AssertionError(f"waited in vain for {what}; accepted: {self.names()}")

    def wait_for_events(self, *names: str) -> list[dict[str, Any]]:
        """Waits until each of the names has been accepted; the first event of each, in this order."""
        self.wait_for(lambda: set(names) <= set(self.names()), ", ".join(names))
        by_name = {event.get("event", event["type"]): event for event in reversed(self.accepted())}
        return [by_name[name] for name in names]

    def wait_for_requests(self, count: int) -> None:
        """Waits until so many requests have arrived."""
        self.wait_for(lambda: len(self.received.deliveries) >= count, f"{count} requests")

    def _take(self, headers: dict[str, str], path: str, body: bytes) -> Answer:
        violations, events = _check(headers, path, body)
        with self._arrived:
            answer = self._plan.popleft() if self._plan else Answer()
            self.received.violations += violations
            self.received.deliveries.append(
                Delivery(time.monotonic(), answer.status, events, headers, len(body))
            )
            self._arrived.notify_all()
        return answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = receiver._take(headers, self.path, body)
                if answer.after is not None:
                    answer.after.wait(WAIT_SECONDS)
                if answer.status == 0:
                    self.close_connection = True
                    self.connection.close()
                    return
                self._answer(answer)

            def do_OPTIONS(self) -> None:
                receiver.received.violations.append("a preflight was asked for")
                self._answer(Answer(204))

            def _answer(self, answer: Answer) -> None:
                self.send_response(answer.status)
                self.send_header("Access-Control-Allow-Origin", self.headers.get("origin", "*"))
                self.send_header("Access-Control-Allow-Credentials", "true")
                self.send_header("Access-Control-Expose-Headers", "retry-after")
                if answer.retry_after is not None:
                    self.send_header("Retry-After", str(answer.retry_after))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def _check(headers: dict[str, str], path: str, body: bytes) -> tuple[list[str], list[dict[str, Any]]]:
    """What is wrong with a request, and its events."""
    wrong = []
    if path != "/v1/batch":
        wrong.append(f"path {path}")
    if not headers.get("content-type", "").startswith("text/plain"):
        wrong.append(f"content type {headers.get('content-type')}")
    if len(body) > BODY_BYTES:
        wrong.append(f"a body of {len(body)} bytes")
    try:
        envelope = json.loads(body)
        events: list[dict[str, Any]] = envelope["batch"]
    except (ValueError, KeyError, TypeError) as error:
        return [*wrong, f"no batch: {error!r}"], []
    if set(envelope) != {"write_key", "sent_at", "batch"} or envelope["write_key"] != KEY or not events:
        wrong.append(f"an envelope with {sorted(envelope)} and {len(events)} events")
    if not TIME.fullmatch(envelope.get("sent_at", "")):
        wrong.append(f"sent_at {envelope.get('sent_at')}")
    for event in events:
        wrong += _wrong_with(event)
    return wrong, events


def _wrong_with(event: dict[str, Any]) -> Iterable[str]:
    required = {"message_id": str, "anonymous_id": str, "timestamp": str, "context": dict}
    for name, kind in required.items():
        value = event.get(name)
        if not value or not isinstance(value, kind):
            yield f"{name} {value!r} of {event.get('event', event.get('type'))}"
    if event.get("type") not in TYPES or (event["type"] == "track") != ("event" in event):
        yield f"type {event.get('type')}"
    if not TIME.fullmatch(event.get("timestamp", "")) or len(event.get("message_id", "")) > 100:
        yield f"time {event.get('timestamp')}, id {event.get('message_id')}"
    if set(event.get("context", {})) != CONTEXT:
        yield f"context {sorted(event.get('context', {}))}"
    if len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()) > EVENT_BYTES:
        yield f"a large event {event.get('event')}"
