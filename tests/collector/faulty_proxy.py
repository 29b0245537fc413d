"""A proxy before the collector that fails as networks and overloaded servers do, by a plan."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

DROP = "drop"
"""The connection is closed before anything is passed on."""
DROP_ANSWER = "drop answer"
"""The collector has it, but its answer is lost."""
PASS = "pass"


class FaultyProxy(ThreadingHTTPServer):
    """Passes requests on, or fails.

    Args:
        port: the collector's.
        plan: what becomes of one POST after the other, over and over: PASS, DROP, DROP_ANSWER or a status.
    """

    daemon_threads = True

    def __init__(self, port: int, plan: Sequence[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = port
        self.done: Counter[str] = Counter()
        """How often what was done."""
        self._plan = cycle(plan)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next_step(self) -> str:
        with self._lock:
            step = next(self._plan)
            self.done[step] += 1
            return step


class _Handler(BaseHTTPRequestHandler):
    server: FaultyProxy
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: headers hold keys."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        step = self.server.next_step() if self.command == "POST" else PASS
        if step == DROP:
            self.close_connection = True
            return
        if step.isdigit():
            wait = {"Retry-After": "1"} if step in ("429", "503") else {}
            self._send(int(step), b"{}", {**wait, **self._for_pages()})
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            upstream.request(self.command, self.path, body or None, dict(self.headers.items()))
            answer = upstream.getresponse()
            content = answer.read()
        except ConnectionError:  # the collector has ended
            step = DROP_ANSWER
        finally:
            upstream.close()
        if step == DROP_ANSWER:
            self.close_connection = True
            return
        left_out = {"content-length", "connection", "date", "server"}
        self._send(
            answer.status, content, {k: v for k, v in answer.getheaders() if k.lower() not in left_out}
        )

    do_GET = do_POST = do_OPTIONS = _serve

    def _for_pages(self) -> dict[str, str]:
        """What lets a page see a status and how long to wait, as the collector's own refusals do."""
        origin = self.headers.get("Origin")
        if origin is None:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After"}

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def faulty_proxy(port: int, plan: Sequence[str]) -> Iterator[FaultyProxy]:
    """Serve in a thread while the block runs."""
    proxy = FaultyProxy(port, plan)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
