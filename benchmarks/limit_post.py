"""The limit of a push: post the same hashes, in bodies of 10,000, to a server that only reads them."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

ROWS = 10_000


class Sink(BaseHTTPRequestHandler):
    """Reads and says yes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
threading.Thread(target=server.serve_forever, daemon=True).start()
session = requests.Session()
left = int(sys.argv[1])
while left > 0:
    rows = [["0" * 64] for _ in range(min(left, ROWS))]
    body = json.dumps({"payload": {"schema": ["EMAIL_SHA256"], "data": rows}})
    session.post(f"http://127.0.0.1:{server.server_address[1]}/users", data=body).raise_for_status()
    left -= ROWS
server.shutdown()
