"""A small shop on this machine: what you click there is in a profile a moment later.

A project is made in a temporary folder, with a public key for the shop; the collector loads what arrives into the
project's DuckDB file every two seconds. Enter builds the profiles and shows the visitor's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
CLI = str(BIN / "segmentloom-sync")
LOAD_SECONDS = 2


class Shop(ThreadingHTTPServer):
    """The shop's pages, each the same file; `visitor` is whom the page last told us of."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.daemon_threads = True
        self.visitor = ""
        self.snippet = ""

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        page = (HERE / "shop.html").read_text().replace("<!-- snippet -->", self.server.snippet).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self) -> None:
        self.server.visitor = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def snippet(key: str, collector: str) -> str:
    """The documented snippet for this key and collector, with clicks."""
    text = (HERE.parent / "snippet.html").read_text()
    for shown, real in (
        ("pk_YOUR_KEY", key),
        ('{ host: "https://collect.example.com" }', json.dumps({"host": collector, "clicks": True})),
        ("https://collect.example.com/segmentloom.js", f"{collector}/segmentloom.js"),
    ):
        assert shown in text, f"the snippet has no {shown}"
        text = text.replace(shown, real)
    return text


def answer(project: Path, *command: str) -> Any:
    """What a command prints with --json."""
    done = subprocess.run(
        [CLI, *command, "--json"], cwd=project, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def show_profile(project: Path, visitor: str) -> None:
    """Builds the profiles and shows the visitor's."""
    if not visitor:
        print("The page has not told of anybody who may be recorded; open it first.")
        return
    print("Loading what came last, then dbt build ...", flush=True)
    time.sleep(2 * LOAD_SECONDS + 1)  # one round may have begun before the last click, the next takes it
    built = subprocess.run([str(BIN / "dbt"), "--quiet", "build"], cwd=project, check=False)
    if built.returncode == 0:
        subprocess.run([CLI, "profile", f"anonymous_id:{visitor}"], cwd=project, check=False)


def main(port: int = 8000) -> None:
    with tempfile.TemporaryDirectory(prefix="segmentloom_demo_web_") as folder:
        project = Path(folder) / "shop"
        subprocess.run([CLI, "init", str(project)], stdout=subprocess.DEVNULL, check=True)
        shop = Shop(port)
        key = answer(project, "keys", "create", "--name", "web", "--public", "--origin", shop.origin)["key"]
        collector = subprocess.Popen(
            [CLI, "collect", "--port", "0", "--spool", "spool", "--load-every", str(LOAD_SECONDS), "--json"],
            cwd=project,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert collector.stdout is not None
            shop.snippet = snippet(key, json.loads(collector.stdout.readline())["url"])
            threading.Thread(target=shop.serve_forever, daemon=True).start()
            print(f"The shop is at {shop.origin}. Look around, sign in, then press Enter here for your profile; Ctrl-D ends.")
            sys.stdout.flush()
            for _ in sys.stdin:
                show_profile(project, shop.visitor)
                sys.stdout.flush()
        except KeyboardInterrupt:
            pass
        finally:
            collector.terminate()
            collector.communicate()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
