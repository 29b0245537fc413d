"""The spool beside the limit of the disk, plain and encrypted; and loading it beside files and DuckDB itself.

    python benchmarks/spool.py --events 300000

Appending: chunks of one event, 256 to a group, and of a batch of 100 events, 32 to a group, each group waited
for. The limit joins and writes the same bytes and waits for the disk as often. Loading is on one thread. The
limits of loading read the same records: json.loads alone, and DuckDB's own reader into a table, which checks
nothing. Each case runs in a process of its own, several times in turn; medians are shown.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from segmentloom_sync.landing.files import find
from segmentloom_sync.landing.load import Loader
from segmentloom_sync.spool.directory import SEALED, files
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.load import SpoolLoaded, SpoolLoader, _groups, _rarely_collecting
from segmentloom_sync.spool.record import head, records
from segmentloom_sync.spool.writer import SpoolWriter
from segmentloom_sync.warehouse.duckdb import DuckDb

RING = KeyRing("bench", {"bench": bytes(range(32))})
HEAD = head("2026-11-23T10:15:00.123Z", "k_1", "web", ip="192.0.2.7")
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)


def event(number: int, chance: random.Random) -> bytes:
    """An event of about 590 bytes, as a browser sends it."""
    said = {
        "message_id": str(uuid.UUID(int=chance.getrandbits(128))),
        "anonymous_id": str(uuid.UUID(int=chance.getrandbits(128))),
        "user_id": f"user-{number % 5000}",
        "event": chance.choice(["Order Completed", "Product Viewed", "Page Viewed"]),
        "timestamp": f"2026-11-23T10:15:{number % 60:02}.{number % 1000:03}Z",
        "properties": {"order_id": f"o-{number}", "revenue": 129.5, "currency": "EUR", "sku": "A-9"},
        "context": {
            "page": {
                "path": f"/product/{number}",
                "url": f"https://shop.example.com/product/{number}?utm_source=news",
                "referrer": "https://www.google.com/",
                "title": f"Product {number}",
            },
            "locale": "en-US",
            "userAgent": AGENT,
        },
    }
    return json.dumps(said, separators=(",", ":")).encode()


def events(count: int) -> list[bytes]:
    """Events, the same for every case."""
    chance = random.Random(1)
    return [event(number, chance) for number in range(count)]


def raw(folder: Path, chunks: list[bytes], group: int) -> None:
    """The limit: join, write, wait for the disk."""
    descriptor = os.open(folder / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for start in range(0, len(chunks), group):
        os.write(descriptor, b"".join(chunks[start : start + group]))
        os.fdatasync(descriptor)
    os.close(descriptor)


def spooled(folder: Path, chunks: list[bytes], group: int, size: int, keys: KeyRing | None) -> None:
    """The writer, with the same groups."""
    writer = SpoolWriter(folder, keys=keys, free_floor=0)
    for start in range(0, len(chunks), group):
        for chunk in chunks[start : start + group]:
            kept = writer.append(chunk, size)
        kept.result()
    writer.close()


def append_case(name: str, count: int, folder: Path) -> Callable[[], object]:
    """One case of appending: `<single|batch>-<raw|plain|encrypted>`."""
    shape, how = name.split("-")
    size, group = (1, 256) if shape == "single" else (100, 32)
    sent = events(min(count, 20_000))
    chunks = [records(HEAD, sent[start : start + size]) for start in range(0, len(sent), size)]
    chunks *= max(1, count // len(sent))
    if how == "raw":
        return lambda: raw(folder, chunks, group)
    return lambda: spooled(folder, chunks, group, size, RING if how == "encrypted" else None)


def load_case(name: str, count: int, folder: Path) -> Callable[[], object]:
    """One case of loading."""
    sent = events(count)
    lines = records(HEAD, sent).splitlines(keepends=True)
    if name == "json.loads":
        return lambda: [json.loads(text) for text in lines]
    connection = duckdb.connect(str(folder / "w.duckdb"))
    connection.execute("set threads = 1")
    connection.execute("set global TimeZone = 'UTC'")
    connection.execute("attach ':memory:' as segmentloom_scratch")
    if name == "read_json":
        (folder / "records.jsonl").write_bytes(b"".join(lines))
        fields = "message_id varchar, event varchar, user_id varchar, anonymous_id varchar, "
        fields += '"timestamp" varchar, properties json, context json'
        return lambda: connection.execute(
            "create table t as select received_at, source, event.* "
            "from read_json(?, format = 'newline_delimited', "
            f"columns = {{received_at: 'timestamp', source: 'varchar', event: 'struct({fields})'}})",
            [str(folder / "records.jsonl")],
        )
    warehouse = DuckDb(connection, "segmentloom", lambda: None)
    if name == "load-file":
        path = folder / "events.jsonl"
        path.write_bytes(b"\n".join(sent))
        return lambda: Loader(warehouse, "web", now).load(find([str(path)])[0], lambda _: None)
    spool = folder / "spool"
    spooled(spool, [b"".join(lines[start : start + 100]) for start in range(0, count, 100)], 32, 100, RING)
    loader = SpoolLoader(warehouse, RING, None, now)

    def load() -> None:
        result = SpoolLoaded()
        with _rarely_collecting():
            for part in _groups(files(spool, SEALED), 128 * 1024 * 1024):
                result = loader.load(part, result)
        assert result.events.landed == count

    return load


def now() -> datetime:
    """The load time."""
    return datetime.now(UTC)


APPENDING = [f"{shape}-{how}" for shape in ("single", "batch") for how in ("raw", "plain", "encrypted")]
LOADING = ["json.loads", "read_json", "load-file", "load-spool"]


def run_case(name: str, count: int) -> None:
    """Run one case here, and print what it took."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        case = (append_case if name in APPENDING else load_case)(name, count, Path(folder))
        cpu, wall = time.process_time(), time.perf_counter()
        case()
        took = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    print(json.dumps({**took, "count": count}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        run_case(asked.case, asked.events)
        return
    took: dict[str, list[dict[str, float]]] = {name: [] for name in (*APPENDING, *LOADING)}
    for _ in range(asked.repeat):
        for name in took:
            command = [sys.executable, __file__, "--events", str(asked.events), "--case", name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            took[name].append(json.loads(done.stdout))
    print("case                 CPU us/event    events/s")
    for name, runs in took.items():
        cpu = statistics.median(run["cpu"] / run["count"] for run in runs) * 1e6
        rate = statistics.median(run["count"] / run["wall"] for run in runs)
        print(f"{name:20} {cpu:12.2f} {rate:11,.0f}")


if __name__ == "__main__":
    main()
