"""SIGKILL at random moments under load: nothing that was acknowledged is lost, and nothing lands twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import duckdb
import pytest

from segmentloom_sync.spool.directory import files
from segmentloom_sync.spool.load import load_spool
from tests.unit.spool.killing import WRITER, killed
from tests.unit.spool.rings import RING
from tests.unit.spool.test_load import project

LOADER = """
import sys
import threading
from pathlib import Path
from segmentloom_sync.spool.load import load_spool
from tests.unit.spool.rings import RING
from tests.unit.spool.test_load import project

print("ready", flush=True)
folder = Path(sys.argv[1])
load_spool(project(folder), folder / "spool", keys=RING, retain_hours=0, group_bytes=150_000)
"""


def kill_and_load(folder: Path, kills: int, seed: int) -> int:
    """Kill a writer so often, and a loader after each second; gives how many events were acknowledged."""
    chance = random.Random(seed)
    spool = folder / "spool"
    spool.mkdir()
    acknowledged: set[int] = set()
    for number in range(kills):
        told = killed(WRITER, str(spool), str(number * 1_000_000), after=chance.uniform(0, 0.5))
        acknowledged |= set(map(int, told))
        if number % 2:
            killed(LOADER, str(folder), after=chance.uniform(0, 0.4))
    load_spool(project(folder), spool, keys=RING, retain_hours=0)
    assert not files(spool, ".open")
    assert not files(spool, ".sealed")
    with duckdb.connect(str(folder / "w.duckdb"), read_only=True) as connection:
        landed = [
            int(text[1:]) for (text,) in connection.execute("select event_id from s_raw.events").fetchall()
        ]
        manifest = connection.execute("select sum(landed), sum(duplicates) from s_raw.loads").fetchone()
    assert len(landed) == len(set(landed)), "an event landed twice"
    assert acknowledged <= set(landed), "an acknowledged event was lost"
    assert manifest == (len(landed), 0)
    return len(acknowledged)


def test_five_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    assert kill_and_load(tmp_path, kills=5, seed=1) > 50


@pytest.mark.slow
def test_fifty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    begun = time.monotonic()
    count = kill_and_load(tmp_path, kills=50, seed=int(begun))
    print(f"{count:,} acknowledged events, none lost, none twice, {time.monotonic() - begun:.0f} s")
    assert count > 500
