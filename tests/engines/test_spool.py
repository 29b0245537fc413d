"""A spool lands alike on each engine, once, however often its segments come."""

from __future__ import annotations

import hashlib
import random
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.landing.bulk import BulkLoader
from segmentloom_sync.project import Project
from segmentloom_sync.spool.directory import LOADED, SEALED, files
from segmentloom_sync.spool.load import load_spool
from segmentloom_sync.spool.record import head, record
from segmentloom_sync.spool.writer import SpoolWriter
from segmentloom_sync.warehouse.base import Engine, Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace
from tests.unit.spool.killing import WRITER, killed
from tests.unit.spool.rings import RING, line

LOADER = """
import sys
from pathlib import Path
from segmentloom_sync.project import Project
from segmentloom_sync.spool.load import load_spool
from tests.unit.spool.rings import RING

print("ready", flush=True)
load_spool(Project.find(Path(sys.argv[1])), Path(sys.argv[2]), keys=RING, group_bytes=150_000)
"""
ODD = "it's \\\\ caffè ☕ {{ x }}"
ORDER = f'{{"event":"{ODD}","user_id":"u1","message_id":"o1","properties":{{"n":1e-7,"a":[1,null]}}}}'
COLUMNS = "event_id, source_id, type, occurred_at, received_at, user_id, email, ip, load_id, line_number"


def fill(spool: Path) -> None:
    browser = head("2026-11-30T10:00:00Z", "k", "shop", ip="192.0.2.9", gpc=True)
    refused = head("2026-11-30T10:00:00Z", "k", "shop", refused="too large")
    groups = [
        [line(1), line(2), line(3, "app")],
        [line(2), record(browser, ORDER.encode()), b"garbage\n"],
        [line(4), record(refused, b'"x"'), record(browser, b'{"event":"E","user_id":"\\u0000"}')],
    ]
    for group in groups:
        writer = SpoolWriter(spool, keys=RING, free_floor=0)
        writer.append(b"".join(group), len(group)).result(30)
        writer.close()


def table_hash(warehouse: Warehouse) -> tuple[Any, ...]:
    events, rejected, loads = (
        warehouse.relation(name, "raw") for name in ("events", "rejected_events", "loads")
    )
    rows = warehouse.rows(f"select {COLUMNS} from {events}")
    rows += warehouse.rows(f"select source_id, reason, raw, load_id, line_number from {rejected}")
    rows += warehouse.rows(f"select source_id, read, landed, duplicates, rejected from {loads}")
    text = "\n".join(sorted(map(repr, rows)))
    return len(rows), hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.slow
def test_a_spool_lands_once(
    engine: Engine, new_workspace: NewWorkspace, tmp_path: Path, monkeypatch: Any
) -> None:
    project = Project.find(new_workspace(engine).path)
    spool = tmp_path / "spool"
    fill(spool)

    first = load_spool(project, spool, keys=RING)

    events = first.events
    assert (first.segments, events.read, events.landed, events.duplicates) == (3, 9, 5, 1)
    assert dict(events.reasons) == {
        "not a record of the spool": 1,
        "too large": 1,
        "NUL character in text": 1,
    }
    warehouse = connect(project)
    [(name, ip)] = warehouse.rows(
        f"select event, ip from {warehouse.relation('events', 'raw')} where event_id = 'o1'"
    )
    assert (name, ip) == ("it's \\ caffè ☕ {{ x }}", "192.0.2.9")
    landed = table_hash(warehouse)
    assert landed[0] == 6 + 3 + 7  # a load for each source of each segment
    warehouse.close()

    for repetition in range(3):
        for path in files(spool, LOADED):
            path.rename(path.with_suffix(SEALED))
        if repetition == 2:  # as if the look at the manifest came too early: the transaction itself must know
            monkeypatch.setattr(BulkLoader, "landed", lambda self, digests: set())
        load_spool(project, spool, keys=RING)
        warehouse = connect(project)
        assert table_hash(warehouse) == landed
        warehouse.close()


@pytest.mark.slow
def test_fifty_kills_lose_and_double_nothing(
    engine: Engine, new_workspace: NewWorkspace, tmp_path: Path
) -> None:
    workspace, spool = new_workspace(engine).path, tmp_path / "spool"
    spool.mkdir()
    chance = random.Random(1)
    acknowledged: set[str] = set()
    for number in range(50):
        told = killed(WRITER, str(spool), str(number * 1_000_000), after=chance.uniform(0, 0.1))
        acknowledged |= {f"m{text.strip()}" for text in told}
        if number % 5 == 4:
            killed(LOADER, str(workspace), str(spool), after=chance.uniform(0, 4))
    load_spool(Project.find(workspace), spool, keys=RING)

    with closing(connect(Project.find(workspace))) as warehouse:
        landed = [
            name for (name,) in warehouse.rows(f"select event_id from {warehouse.relation('events', 'raw')}")
        ]
        assert len(landed) == len(set(landed)), "an event landed twice"
        assert acknowledged <= set(landed), "an acknowledged event was lost"
        assert len(acknowledged) > 500
        kept = table_hash(warehouse)
    for _ in range(3):
        for path in files(spool, LOADED):
            path.rename(path.with_suffix(SEALED))
        load_spool(Project.find(workspace), spool, keys=RING)
        with closing(connect(Project.find(workspace))) as warehouse:
            assert table_hash(warehouse) == kept
