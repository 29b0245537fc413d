"""A web site whose pages bear the documented snippet, under any host name that leads to this machine."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.browser.installed import SDK
from tests.browser.receiver import KEY

SNIPPET = SDK / "snippet.html"
SCRIPT = SDK / "dist" / "segmentloom.js"
BODY = """
<a id="link" href="#more">More <b id="inner">about it</b></a>
<button id="button">Buy</button>
<button id="named" data-track="Plan Chosen">Growth</button>
<div data-no-track><button id="private">My diagnosis</button></div>
<p id="text">Words</p>
<input id="field" type="text" value="secret">
"""


class Site:
    """Serves the same page under every path, with the path as its title; use it as a context manager.

    Attributes:
        key: what the snippet gives to `init`, and
        options: what else.
        script: where the SDK is loaded from.
        security_policy: the Content-Security-Policy header; with one, the snippet is in a file of its own.
        calls: JavaScript after the snippet.
    """

    def __init__(self, collector: str) -> None:
        self._defaults: dict[str, Any] = {"host": collector, "flushMs": 20}
        self.start_over()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def start_over(self) -> None:
        """Forgets what a test has set."""
        self.key = KEY
        self.options: dict[str, Any] = dict(self._defaults)
        self.script = "/segmentloom.js"
        self.security_policy: str | None = None
        self.calls = ""

    def __enter__(self) -> Site:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _inline_script(self) -> str:
        found = re.search(r"<script>\n(.*?)</script>", SNIPPET.read_text(), re.DOTALL)
        assert found
        text = found[1].replace('"pk_YOUR_KEY"', json.dumps(self.key))
        text = text.replace('{ host: "https://collect.example.com" }', json.dumps(self.options))
        assert self.key in text
        assert json.dumps(self.options) in text
        return text + self.calls

    def _page(self, path: str) -> str:
        script = (
            "<script src='/snippet.js'></script>"
            if self.security_policy
            else f"<script>{self._inline_script()}</script>"
        )
        return (
            f"<!doctype html><html><head><title>Page {path}</title><link rel=icon href='data:,'>{script}"
            f"<script async src='{self.script}'></script></head><body>{BODY}</body></html>"
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                if path == "/segmentloom.js":
                    kind, text = "text/javascript", SCRIPT.read_text()
                elif path == "/snippet.js":
                    kind, text = "text/javascript", site._inline_script()
                elif path == "/index.js":
                    kind, text = "text/javascript", (SDK / "dist" / "index.js").read_text()
                elif path == "/bare":
                    kind, text = (
                        "text/html",
                        "<!doctype html><title>Bare</title><link rel=icon href='data:,'>",
                    )
                else:
                    kind, text = "text/html", site._page(path)
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Cache-Control", "no-store")
                if site.security_policy is not None:
                    self.send_header("Content-Security-Policy", site.security_policy)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
