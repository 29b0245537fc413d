"""The writer: groups, sealing, disks that are full or fail."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from segmentloom_sync.errors import ConfigError, TryAgainLater
from segmentloom_sync.spool import disk
from segmentloom_sync.spool.commits import AsyncSpool
from segmentloom_sync.spool.directory import (
    OPEN,
    SEALED,
    files,
    hold_directory,
    hold_loading,
    spool_state,
)
from segmentloom_sync.spool.recovery import recover
from segmentloom_sync.spool.segment import read_segment
from segmentloom_sync.spool.writer import SpoolClosed, SpoolFailed, SpoolFull, SpoolWriter
from tests.collector.running import until
from tests.unit.spool.rings import RING, line, sealed_lines, written

FULL = """
import resource, sys
from pathlib import Path
from segmentloom_sync.spool.writer import SpoolFull, SpoolWriter
from tests.collector.running import until
from tests.unit.spool.rings import line

writer = SpoolWriter(Path(sys.argv[1]), keys=None, free_floor=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
kept, refused = [], 0
for number in range(300):
    try:
        writer.append(line(number)).result(30)
        kept.append(number)
    except SpoolFull as error:
        refused += 1
        assert error.retry_after == 5
        if not writer.ready():
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            until(writer.ready)
writer.close()
print(len(kept), refused, kept[-1])
print(*kept)
"""


def test_many_threads_share_commits(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, keys=RING, free_floor=0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: writer.append(line(number)).result(30), range(200)))
    writer.close()
    assert sorted(sealed_lines(tmp_path, RING)) == sorted(map(line, range(200)))
    assert writer.written_records == 200
    assert 1 <= writer.commits < 200


def test_size_and_age_seal(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, keys=None, free_floor=0, seal_bytes=2000, seal_seconds=3600)
    for number in range(30):
        writer.append(line(number)).result(30)
    writer.close()
    assert len(files(tmp_path, SEALED)) == 3

    aged = tmp_path / "aged"
    writer = SpoolWriter(aged, keys=None, free_floor=0, seal_seconds=0.2)
    writer.append(line(1)).result(30)
    assert spool_state(aged).segments == 1
    until(lambda: files(aged, SEALED))
    assert len(files(aged, SEALED)) == 1
    assert not files(aged, OPEN)
    assert 0 < spool_state(aged).oldest_unloaded_seconds < 60
    writer.close()
    assert sealed_lines(aged, None) == [line(1)]


def test_large_groups_become_frames_of_bounded_size(tmp_path: Path) -> None:
    chunk = line(1) * 10_000
    writer = SpoolWriter(tmp_path, keys=RING, free_floor=0, seal_bytes=1 << 30)
    futures = [writer.append(chunk, 10_000) for _ in range(12)]
    for future in futures:
        future.result(60)
    [path] = files(tmp_path, OPEN)
    frames = read_segment(path.read_bytes(), RING).frames
    assert max(len(frame.content) for frame in frames) <= 8 * 1024 * 1024
    writer.close()
    assert len(sealed_lines(tmp_path, RING)) == 120_000


def test_what_waits_for_the_disk_is_bounded(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, keys=None, free_floor=0, pending_bytes=1000)
    with pytest.raises(SpoolFull, match="wait for the disk"):
        writer.append(b"x" * 1001)
    writer.append(line(1)).result(30)
    writer.close()


def test_a_disk_that_is_nearly_full_takes_nothing(tmp_path: Path) -> None:
    floor = disk.free_and_total(tmp_path)[0] * 2
    writer = SpoolWriter(tmp_path, keys=None, free_floor=floor)
    assert not writer.ready()
    with pytest.raises(SpoolFull, match="nearly full"):
        writer.append(line(1))
    writer._free_floor = 0  # as if somebody made space
    until(writer.ready)
    writer.append(line(1)).result(30)
    writer.close()


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], check=True, capture_output=True, text=True, timeout=120
    )
    figures, kept = done.stdout.splitlines()
    count, refused, last = map(int, figures.split())
    assert refused >= 1
    assert last == 299, "it went on once there was space"
    recover(tmp_path, None)
    assert sorted(sealed_lines(tmp_path, None)) == sorted(line(int(number)) for number in kept.split())
    assert count == len(kept.split())


def test_after_a_failed_sync_the_segment_is_never_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = written(tmp_path, [[line(1)], [line(2)]], RING)
    [path] = files(tmp_path, OPEN)
    before = path.read_bytes()
    real = disk.sync

    def fails(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(disk, "sync", fails)
    with pytest.raises(SpoolFailed, match="cannot be written"):
        writer.append(line(3)).result(30)
    assert not writer.ready()
    with pytest.raises(SpoolFailed):
        writer.append(line(4))
    monkeypatch.setattr(disk, "sync", real)
    until(writer.ready)
    writer.append(line(5)).result(30)
    assert path.read_bytes() == before
    writer.close()
    assert writer.failures == 1
    assert path.read_bytes() == before
    recover(tmp_path, RING)
    assert sorted(sealed_lines(tmp_path, RING)) == sorted([line(1), line(2), line(5)])


def test_a_segment_that_never_kept_anything_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fdatasync
    calls: list[int] = []

    def second_fails(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(disk, "sync", second_fails)
    writer = SpoolWriter(tmp_path, keys=None, free_floor=0)
    with pytest.raises(SpoolFull):
        writer.append(line(1)).result(30)
    assert not files(tmp_path, OPEN)
    writer.close()


def test_closing_keeps_what_waits_and_takes_no_more(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, keys=None, free_floor=0)
    future = writer.append(line(1))
    writer.close()
    writer.close()
    future.result(30)
    assert not writer.ready()
    with pytest.raises(SpoolClosed):
        writer.append(line(2))
    assert sealed_lines(tmp_path, None) == [line(1)]


def test_one_cancelled_request_spoils_no_other(tmp_path: Path) -> None:
    async def requests() -> list[object]:
        spool = AsyncSpool(SpoolWriter(tmp_path, keys=None, free_floor=0))

        async def one(number: int) -> str:
            await spool.append(line(number))
            return "kept"

        tasks = [asyncio.create_task(one(number)) for number in range(20)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(requests())
    assert answers.count("kept") == 19
    assert isinstance(answers[3], asyncio.CancelledError)


def test_a_refusal_reaches_everybody_who_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async def requests() -> list[object]:
        spool = AsyncSpool(SpoolWriter(tmp_path, keys=None, free_floor=0))
        monkeypatch.setattr(disk, "sync", fails)
        waiting = [spool.append(line(number)) for number in range(3)]
        return await asyncio.gather(*waiting, return_exceptions=True)

    assert all(isinstance(answer, SpoolFailed) for answer in asyncio.run(requests()))


def test_there_is_one_collector_and_one_loader(tmp_path: Path) -> None:
    taken = pytest.raises(ConfigError, match=rf"another collector.*pid {os.getpid()}")
    with hold_directory(tmp_path), taken, hold_directory(tmp_path):
        pass
    with hold_loading(tmp_path), pytest.raises(TryAgainLater, match="being loaded"), hold_loading(tmp_path):
        pass
    with hold_directory(tmp_path), hold_loading(tmp_path):
        pass


def test_segments_of_living_writers_are_left_alone(tmp_path: Path) -> None:
    writer = written(tmp_path, [[line(1)]], None)
    assert recover(tmp_path, None).segments == 0
    assert len(files(tmp_path, OPEN)) == 1
    writer.append(line(2)).result(30)
    writer.close()
    assert sealed_lines(tmp_path, None) == [line(1), line(2)]
