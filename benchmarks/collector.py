"""Events a second and CPU per event of the collector, beside a server that does nothing and FastAPI.

usage: .venv/bin/python benchmarks/collector.py [--seconds N] [--rounds N]

wrk (a Debian package: apt-get install wrk) keeps 256 connections busy with single events, 32 with batches of
100. What each server is compared with, in the same run, since machines and disks differ:

* echo: granian's RSGI interface answering with the same text, the body read and thrown away;
* append: the bytes of the same batches written to a file, as many at once as the collector wrote, and synced;
* FastAPI: a pydantic model, appended to a file without a sync, which is less than the collector promises.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from segmentloom_sync.collector.key_file import KeyFile

BIN = Path(sys.executable).parent
RIVALS = Path(__file__).with_name(".venv") / "bin" / "python"
SERVERS = Path(__file__).with_name("collector_servers.py")
PORT = 9311
BATCH = 100


@dataclass(frozen=True, slots=True)
class Run:
    """What wrk and the kernel said of a server.

    Attributes:
        rate: requests a second.
        cpu: microseconds of the server's processes per request.
    """

    rate: float
    cpu: float
    p99: str
    refused: int
    megabytes: float


def event(chance: random.Random, number: int) -> dict[str, object]:
    """An event of some 585 bytes, as a shop's page sends it."""
    return {
        "message_id": str(uuid.UUID(int=chance.getrandbits(128))),
        "anonymous_id": str(uuid.UUID(int=chance.getrandbits(128))),
        "user_id": f"user-{number % 5000}",
        "event": chance.choice(["Order Completed", "Product Viewed", "Page Viewed"]),
        "timestamp": f"2026-11-23T10:15:{number % 60:02}.{number % 1000:03}Z",
        "properties": {
            "order_id": f"o-{number}",
            "revenue": 129.5,
            "currency": "EUR",
            "sku": f"A-{number % 99}",
        },
        "context": {
            "page": {"path": f"/p/{number}", "url": f"https://shop.example/p/{number}?utm_source=news"},
            "locale": "en-US",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
        },
    }


def scripts(folder: Path, key: str) -> tuple[Path, Path, list[bytes]]:
    """wrk's scripts for single events and for batches, and the batches."""
    chance = random.Random(1)
    single = [json.dumps(event(chance, n), separators=(",", ":")) for n in range(500)]
    batches = [
        json.dumps({"batch": [event(chance, n * BATCH + i) for i in range(BATCH)]}, separators=(",", ":"))
        for n in range(20)
    ]
    for name, route, bodies in (("single", "/v1/track", single), ("batch", "/v1/batch", batches)):
        lines = "\n".join(f"b[#b+1]=[==[{body}]==]" for body in bodies)
        (folder / f"{name}.lua").write_text(
            f"""local b={{}}\n{lines}\nlocal r={{}}; local i=0
init=function() local h={{["Content-Type"]="application/json",["Authorization"]="Bearer {key}"}}
for k,v in ipairs(b) do r[k]=wrk.format("POST","{route}",h,v) end end
request=function() i=i+1; if i>#r then i=1 end; return r[i] end\n"""
        )
    return folder / "single.lua", folder / "batch.lua", [batch.encode() for batch in batches]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> Iterator[int]:
    """A server on PORT while the block runs; gives its pid."""
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=2).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise SystemExit(f"nothing answers at port {PORT}")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def load(pid: int, script: Path, connections: int, seconds: int) -> Run:
    """Keep a server busy."""
    wrk = ["wrk", "-t1", f"-c{connections}", "--latency", "-s", str(script), f"http://127.0.0.1:{PORT}/"]
    subprocess.run([*wrk, "-d1"], check=True, capture_output=True)
    before = cpu_seconds(pid)
    said = subprocess.run([*wrk, f"-d{seconds}"], check=True, capture_output=True, text=True).stdout
    used = cpu_seconds(pid) - before
    found = re.search(r"(\d+) requests in ([\d.]+)s", said)
    p99, refused = re.search(r"99%\s+(\S+)", said), re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    assert found is not None
    assert p99 is not None
    memory = int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    requests = max(1, int(found[1]))
    return Run(
        requests / float(found[2]), 1e6 * used / requests, p99[1], int(refused[1]) if refused else 0, memory
    )


def sync_milliseconds(folder: Path) -> tuple[float, float]:
    """Median and 99th percentile of writing 64 KiB and waiting for the disk."""
    taken = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(300):
            started = time.perf_counter()
            file.write(bytes(64 * 1024))
            os.fdatasync(file.fileno())
            taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken), statistics.quantiles(taken, n=100)[-1]


def append_rate(folder: Path, batches: list[bytes], group: int, seconds: int) -> float:
    """Events a second that can be appended and synced, so many batches at once."""
    data, events = b"".join((batches * group)[:group]), group * BATCH
    started, written = time.perf_counter(), 0
    with (folder / "append").open("wb", buffering=0) as file:
        while time.perf_counter() - started < seconds:
            file.write(data)
            os.fdatasync(file.fileno())
            written += events
    return written / (time.perf_counter() - started)


def commits() -> dict[str, float]:
    """What the collector's metrics say of its commits."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=10).read().decode()
    return {
        name: float(value)
        for name, value in re.findall(r"^segmentloom_collector_(\w+) ([\d.]+)$", text, re.M)
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    folder = Path(tempfile.mkdtemp(prefix="collector-"))
    try:
        measure(folder, options.seconds, options.rounds)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path, seconds: int, rounds: int) -> None:
    key = str(KeyFile(folder / "collector-keys.json").create("bench"))
    single, batch, batches = scripts(folder, key)
    collect = [str(BIN / "segmentloom-sync"), "collect", "--port", str(PORT), "--log", "none", "--spool"]
    secret = {"SEGMENTLOOM_SPOOL_KEY": "bench:" + base64.b64encode(bytes(range(32))).decode()}
    contenders: dict[str, Callable[[], tuple[list[str], dict[str, str]]]] = {
        "echo": lambda: ([str(BIN / "python"), str(SERVERS), "echo", str(PORT)], {}),
        "collector": lambda: ([*collect, f"spool-{time.monotonic_ns()}"], {}),
        "collector, encrypted": lambda: ([*collect, f"spool-{time.monotonic_ns()}"], secret),
    }
    if (
        RIVALS.exists()
        and subprocess.run([RIVALS, "-c", "import fastapi"], check=False, capture_output=True).returncode == 0
    ):
        contenders["FastAPI, no sync"] = lambda: ([str(RIVALS), str(SERVERS), "fastapi", str(PORT)], {})
    for turn in range(rounds):
        median, late = sync_milliseconds(folder)
        print(
            f"round {turn + 1}: load {os.getloadavg()[0]:.1f}, "
            f"64 KiB synced in {median:.1f} ms, p99 {late:.1f} ms"
        )
        for script, connections, per_request in ((single, 256, 1), (batch, 32, BATCH)):
            rates: dict[str, float] = {}
            for name, made in contenders.items():
                command, environment = made()
                with server(command, folder, environment) as pid:
                    run = load(pid, script, connections, seconds)
                    said = commits() if name.startswith("collector") else {}
                rates[name] = run.rate
                beside = f", {run.rate / rates['echo']:.2f} of echo" if name != "echo" else ""
                if said and per_request > 1:
                    group = max(
                        1, round(said["spool_written_bytes_total"] / said["spool_commits_total"] / 65_000)
                    )
                    raw = append_rate(folder, batches, group, 2)
                    share = run.rate * per_request / raw
                    beside += f", {share:.2f} of append ({raw:,.0f}/s in groups of {group * BATCH:,})"
                print(
                    f"  {script.stem:6} {name:22} {run.rate * per_request:10,.0f} events/s, "
                    f"{run.cpu / per_request:6.1f} us CPU/event, p99 {run.p99}, {run.megabytes:.0f} MB, "
                    f"{run.refused} refused{beside}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
