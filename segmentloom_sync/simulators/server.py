"""A simulated platform behind a real socket, with an admin route beside the platform's own paths."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import ValidationError

from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.simulators.platform import Answer, Platform, Request

ADMIN = "/_simulator/"
MAX_TARGET = 20_000
"""Longer request lines answer 414."""
MAX_BODY = 64 * 1024 * 1024


class SimulatorServer(ThreadingHTTPServer):
    """Serves one platform on loopback.

    Args:
        port: 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, platform: Platform, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.platform = platform
        platform.base_url = f"http://127.0.0.1:{self.server_address[1]}"
        self.stopping = threading.Event()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for delayed answers."""
        self.stopping.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a fault of the simulator's own."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SimulatorServer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: paths and bodies carry tokens and hashes."""

    def _serve(self) -> None:
        request = self._read()
        if request is None:
            return
        if request.path.startswith(ADMIN):
            self._send(admin(self.server.platform, request))
            return
        platform = self.server.platform
        fault = platform.faults.take(request.method, request.path)
        answer = self._faulty(request, fault, "before")
        if answer is None and not self.close_connection:
            answer = platform.handle(request, fault)
            answer = self._faulty(request, fault, "after") or answer
        if answer is None or self.close_connection:
            platform.record(request, 0)
            return
        platform.record(request, answer.status)
        self._send(answer)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve

    def _read(self) -> Request | None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY or len(self.path) > MAX_TARGET:
            self.close_connection = True
            self._send(Answer(413 if length > MAX_BODY else 414, text="too long"))
            return None
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Request(self.command, parts.path, query, self.headers, self.rfile.read(length), self.path)

    def _faulty(self, request: Request, fault: Fault | None, when: str) -> Answer | None:
        """What a fault answers instead; None: nothing, go on (or the connection is broken)."""
        if fault is None or fault.when != when:
            return None
        if fault.kind == "reset":
            self.close_connection = True
            # Lingering for no time at all makes the kernel send RST instead of a polite end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif fault.kind == "delay":
            self.server.stopping.wait(fault.seconds)
        elif fault.kind == "status":
            if fault.body is not None:
                return Answer(fault.status, headers=fault.headers, text=fault.body)
            return self.server.platform.fault_answer(fault)
        return None

    def _send(self, answer: Answer) -> None:
        text = answer.text
        if text is None:
            text = "" if answer.body is None else json.dumps(answer.body)
        content = text.encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.text is None:
            self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def admin(platform: Platform, request: Request) -> Answer:
    """The admin route: `state` (GET, `?members=1`), `faults` (POST one or a list, DELETE), `clock` (POST)."""
    action = request.path.removeprefix(ADMIN)
    try:
        if action == "state" and request.method == "GET":
            return Answer(200, platform.state(with_members=request.query.get("members") == "1"))
        if action == "faults" and request.method == "DELETE":
            platform.faults.clear()
            return Answer(200, {})
        if action == "faults" and request.method == "POST":
            document = request.json()
            for entry in document if isinstance(document, list) else [document]:
                platform.faults.add(Fault.model_validate(entry))
            return Answer(200, {})
        if action == "clock" and request.method == "POST":
            platform.clock.advance(float(request.json()["advance_seconds"]))
            return Answer(200, {"now": platform.clock.now().isoformat()})
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        return Answer(400, {"error": str(error)})
    return Answer(404, {"error": "there are state, faults and clock"})
