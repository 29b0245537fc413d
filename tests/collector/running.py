"""A collector in a process of its own, as users run it, with a client that sends exact bytes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from segmentloom_sync.collector.key_file import KeyFile
from segmentloom_sync.spool.recovery import recover
from tests.workspace import CLI

TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait for what a collector does within seconds; AssertionError when it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@dataclass
class RunningCollector:
    """A collector; make it with `running`.

    Attributes:
        secret: a secret key.
        public: a public key for any origin.
        shop: a public key for https://shop.example.
    """

    folder: Path
    process: subprocess.Popen[str]
    url: str
    secret: str
    public: str
    shop: str

    @property
    def log(self) -> Path:
        """What it writes to stderr."""
        return self.folder / "log.txt"

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def send(
        self,
        method: str,
        target: str,
        body: Any = b"",
        headers: Mapping[str, str] | None = None,
        *,
        key: str | None = None,
    ) -> Answer:
        """Send one request over a connection of its own; `body` is bytes, or becomes JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {**({"Authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, target, content or None, given)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, answer.read(), found)
        finally:
            connection.close()

    def post(self, target: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """Post with the secret key."""
        return self.send("POST", target, body, headers, key=self.secret)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it; its exit code and what it wrote to stderr."""
        self.process.send_signal(number)
        code = self.process.wait(TIMEOUT_SECONDS)
        return code, self.log.read_text()

    def peak_megabytes(self) -> float:
        """The most memory it has held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


@contextmanager
def running(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[RunningCollector]:
    """Start a collector with three keys, and end it with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = KeyFile(folder / "collector-keys.json")
    if not keys.read():
        texts = [
            keys.create("server", source="web"),
            keys.create("page", "public", source="web", rate=1e6),
            keys.create("shop", "public", source="shop", origins=("https://shop.example",), rate=1e6),
        ]
        (folder / "keys.txt").write_text("\n".join(map(str, texts)))
    secret, public, shop = (folder / "keys.txt").read_text().split()
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [str(CLI), "collect", "--port", "0", "--spool", "spool", "--json", *options],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError((folder / "log.txt").read_text())
        yield RunningCollector(folder, process, json.loads(line)["url"], secret, public, shop)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def records(spool: Path) -> list[dict[str, Any]]:
    """What lies in a spool that nobody writes to, in the order in which it came."""
    from segmentloom_sync.spool.directory import SEALED, files
    from segmentloom_sync.spool.segment import read_segment

    recover(spool, None)
    lines: list[bytes] = []
    for path in files(spool, SEALED):
        for frame in read_segment(path.read_bytes(), None).frames:
            lines += frame.content.splitlines()
    return [json.loads(line) for line in lines]
