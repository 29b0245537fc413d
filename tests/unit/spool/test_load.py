"""What is sealed lands exactly once, wherever the loader dies and whatever comes again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from segmentloom_sync.errors import ConfigError, SegmentloomError, TryAgainLater, WarehouseError
from segmentloom_sync.landing.bulk import BulkLoader
from segmentloom_sync.project import Project
from segmentloom_sync.spool import disk, load
from segmentloom_sync.spool.directory import LOADED, QUARANTINE, SEALED, files, hold_loading
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.load import SpoolLoaded, load_spool
from segmentloom_sync.spool.segment import read_segment
from segmentloom_sync.spool.writer import SpoolWriter
from segmentloom_sync.warehouse.duckdb import DuckDb
from tests.unit.spool.rings import HEAD, RING, line, written

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here, as far as this test can have it."""


def project(folder: Path) -> Project:
    output = {"type": "duckdb", "path": "w.duckdb", "schema": "s"}
    return Project(folder, "shop", {}, folder, "shop", "dev", "duckdb", output)


def loaded(folder: Path, keys: KeyRing | None = RING, **options: Any) -> SpoolLoaded:
    return load_spool(project(folder), folder / "spool", keys=keys, clock=lambda: NOW, **options)


def segments(folder: Path) -> Path:
    """A spool of three segments with an event that comes twice, a bad one, two sources, and one left open."""
    spool = folder / "spool"
    written(spool, [[line(1), line(2)], [line(3, "app")]], RING).close()
    written(spool, [[line(2), line(4), HEAD + b'{"event":"nobody"}}\n']], RING).close()
    written(spool, [[line(5)]], None).close()
    alive = folder / "alive"
    writer = written(alive, [[line(6)]], RING)
    [path] = files(alive, ".open")
    shutil.copyfile(path, spool / path.name)
    writer.close()
    return spool


def tables(folder: Path) -> dict[str, list[Any]]:
    with duckdb.connect(str(folder / "w.duckdb"), read_only=True) as connection:
        return {
            "events": connection.execute(
                "select event_id, source_id from s_raw.events order by all"
            ).fetchall(),
            "rejected": connection.execute("select reason from s_raw.rejected_events").fetchall(),
            "loads": connection.execute(
                "select source_id, read, landed, duplicates, rejected from s_raw.loads order by all"
            ).fetchall(),
        }


WANTED = {
    "events": [(f"m{n}", "app" if n == 3 else "web") for n in (1, 2, 2, 3, 4, 5, 6)],
    "rejected": [("no identifier",)],
    "loads": sorted(
        [
            ("app", 1, 1, 0, 0),
            ("web", 2, 2, 0, 0),
            ("web", 3, 1, 1, 1),
            ("web", 1, 1, 0, 0),
            ("web", 1, 1, 0, 0),
        ]
    ),
}


def put_back(spool: Path) -> None:
    for path in files(spool, LOADED):
        path.rename(path.with_suffix(SEALED))


@contextmanager
def dying_at(step: int) -> Iterator[list[str]]:
    """Die before the operation of that number, or right after it: the odd numbers."""
    done: list[str] = []

    def fatal(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            done.append(name)
            if len(done) == step // 2 and step % 2 == 0:
                raise Killed
            answer = real(*arguments, **named)
            if len(done) == step // 2 and step % 2 == 1:
                raise Killed
            return answer

        return run

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in (
            (Path, "rename"),
            (Path, "unlink"),
            (os, "utime"),
            (disk, "sync"),
            (disk, "sync_directory"),
            (DuckDb, "stage_in_memory"),
            (DuckDb, "apply"),
        ):
            patch.setattr(owner, name, fatal(name, getattr(owner, name)))
        yield done


def whoever_dies_lands_each_segment_once(folder: Path, stride: int = 1) -> None:
    """Loads with a death at each step in turn, then once to the end, and looks at the tables."""
    for step in range(2, 100, stride):
        place = folder / str(step)
        place.mkdir()
        segments(place)
        try:
            with dying_at(step):
                loaded(place, retain_hours=0, group_bytes=2000)
        except Killed:
            loaded(place, retain_hours=0)
        else:
            assert step > 20
            break
        assert tables(place) == WANTED
        assert sorted(path.name for path in (place / "spool").iterdir()) == ["loader.lock"]
    else:
        raise AssertionError("it never came to an end")


def test_a_loader_may_die_at_some_steps(tmp_path: Path) -> None:
    whoever_dies_lands_each_segment_once(tmp_path, stride=5)


@pytest.mark.slow
def test_a_loader_may_die_at_any_step(tmp_path: Path) -> None:
    whoever_dies_lands_each_segment_once(tmp_path)


def manifest_apart(patch: pytest.MonkeyPatch) -> None:
    real = DuckDb.apply

    def one_by_one(self: DuckDb, statements: Any) -> None:
        for statement in statements:
            real(self, [statement])
            os.utime(".")  # an operation at which it may die

    patch.setattr(DuckDb, "apply", one_by_one)


def deleted_first(patch: pytest.MonkeyPatch) -> None:
    real = load.SpoolLoader._land

    def land(self: Any, paths: Any) -> Any:
        answer = real(self, paths) if not paths else None
        data = {path: path.read_bytes() for path in paths}
        for path in paths:
            path.unlink()
        for path in paths:
            path.write_bytes(data[path])
        return answer or real(self, paths)

    patch.setattr(load.SpoolLoader, "_land", land)


def no_manifest(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(BulkLoader, "landed", lambda self, digests: set())
    patch.setattr(BulkLoader, "_not_loaded", lambda self: "1 = 1")


def renamed_first(patch: pytest.MonkeyPatch) -> None:
    real = load.SpoolLoader._land

    def land(self: Any, paths: Any) -> Any:
        load._mark_loaded(paths, NOW)
        for path in paths:
            path.with_suffix(LOADED).rename(path)
        return real(self, paths)

    patch.setattr(load.SpoolLoader, "_land", land)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", [manifest_apart, deleted_first, no_manifest, renamed_first], ids=lambda fault: fault.__name__
)
def test_a_fault_is_noticed(
    fault: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        whoever_dies_lands_each_segment_once(tmp_path)


def test_what_comes_again_lands_nothing(tmp_path: Path) -> None:
    spool = segments(tmp_path)
    first = loaded(tmp_path)
    assert (first.segments, first.recovered, first.events.rejected) == (4, 1, 1)
    assert (first.events.landed, first.events.duplicates, first.events.read) == (6, 1, 8)
    for days in (0, 1, 400):
        put_back(spool)
        clock = partial(datetime.fromtimestamp, (NOW + timedelta(days=days)).timestamp(), UTC)
        again = load_spool(project(tmp_path), spool, keys=RING, clock=clock, retain_hours=1e6)
        assert (again.segments, again.repeated) == (0, 4)
        assert tables(tmp_path) == WANTED


def test_files_stay_as_long_as_they_are_to(tmp_path: Path) -> None:
    spool = segments(tmp_path)
    hour = 3600
    load_now = NOW.timestamp()
    loaded(tmp_path, retain_hours=24)
    for path in files(spool, LOADED):
        os.utime(path, (load_now - 23 * hour, load_now - 23 * hour))
    assert loaded(tmp_path, retain_hours=24).deleted == 0
    for path in files(spool, LOADED):
        os.utime(path, (load_now - 25 * hour, load_now - 25 * hour))
    assert loaded(tmp_path, retain_hours=24).deleted == 4


def test_unreadable_parts_go_to_quarantine_and_the_rest_lands(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    written(spool, [[line(1)], [line(2)], [line(3)]], RING).close()
    [path] = files(spool, SEALED)
    damaged = bytearray(path.read_bytes())
    damaged[read_segment(bytes(damaged), RING).frames[1].offset + 20] ^= 1
    path.write_bytes(damaged)
    (spool / f"20260101T000000.000000Z-0-000001-{'0' * 64}.sealed").write_bytes(b"no segment")
    (spool / "x.sealed").write_bytes(b"?")
    written(spool, [[line(4)], [line(5)]], None).close()
    renamed = files(spool, SEALED)[2]
    renamed.rename(renamed.with_name(renamed.name[:-71] + "0" * 64 + SEALED))

    result = loaded(tmp_path)

    assert result.quarantined == 4
    assert [event for event, _ in tables(tmp_path)["events"]] == ["m1", "m3"]
    aside = sorted((spool / QUARANTINE).iterdir())
    reasons = [kept.read_text().strip() for kept in aside if kept.suffix == ".reason"]
    assert sorted(reasons) == [
        "its content is not what its name says",
        "its name has no digest",
        "no header of a segment",
        "not what was encrypted there",
    ]
    assert len(aside) == 8


def test_segments_wait_for_a_key_that_is_not_given(tmp_path: Path) -> None:
    spool = segments(tmp_path)
    old_ring = KeyRing("old", {"old": RING.keys["old"]})
    result = loaded(tmp_path, keys=old_ring)
    assert (result.segments, result.unknown_keys) == (1, ("new",))
    assert len(files(spool, SEALED)) == 2
    assert len(files(spool, ".open")) == 1
    rotated = KeyRing("old", RING.keys)
    loaded(tmp_path, keys=rotated)
    assert tables(tmp_path)["events"] == WANTED["events"]


def test_what_a_warehouse_refuses_is_tried_event_by_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    big = b'{"event":"E","user_id":"u","message_id":"m9","properties":{"a":1,"a":2}}'
    written(spool, [[line(1), HEAD + big + b"}\n"]], None).close()
    real = DuckDb.apply

    def strict(self: DuckDb, statements: Any) -> None:
        staged = statements[0].sql.split("from ")[1].split()[0]
        twice = self.rows(f'select count(*) from {staged} where properties like \'%"a":1,"a"%\'')
        if twice[0][0]:
            raise WarehouseError("DuckDB refused a change: duplicate key")
        real(self, statements)

    monkeypatch.setattr(DuckDb, "apply", strict)
    result = loaded(tmp_path)
    assert (result.events.landed, dict(result.events.reasons)) == (1, {"a key occurs twice": 1})
    assert not files(spool, SEALED)


def test_a_warehouse_that_is_down_leaves_all_in_the_spool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = segments(tmp_path)

    def refused(*_: Any) -> None:
        raise WarehouseError("the connection broke")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuckDb, "apply", refused)
        with pytest.raises(WarehouseError):
            loaded(tmp_path)
    assert len(files(spool, SEALED)) == 4
    loaded(tmp_path)
    assert tables(tmp_path) == WANTED


def test_the_file_that_dbt_has_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = segments(tmp_path)
    monkeypatch.setenv("SEGMENTLOOM_WAIT_SECONDS", "0.3")
    with hold_loading(spool), pytest.raises(TryAgainLater, match="being loaded"):
        loaded(tmp_path)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb,time; c=duckdb.connect({str(tmp_path / 'w.duckdb')!r}); "
            "c.execute('create table t(a int)'); print(1, flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    begun = time.monotonic()
    with pytest.raises(TryAgainLater, match=f"pid {holder.pid}"):
        loaded(tmp_path)
    assert time.monotonic() - begun >= 0.3
    holder.kill()
    holder.communicate()
    assert len(files(spool, SEALED)) == 4
    loaded(tmp_path)
    assert tables(tmp_path) == WANTED


def test_a_clock_that_goes_back_an_hour_loses_and_doubles_nothing(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    clocks = (NOW, NOW - timedelta(hours=1), NOW - timedelta(minutes=30))
    for number, now in enumerate(clocks):
        clock = partial(datetime.fromtimestamp, now.timestamp(), UTC)
        writer = SpoolWriter(spool, keys=None, free_floor=0, clock=clock)
        writer.append(line(0) + line(number), 2).result(30)
        writer.close()
        load_spool(project(tmp_path), spool, keys=None, clock=clock)
    assert not files(spool, SEALED)
    assert [event for event, _ in tables(tmp_path)["events"]] == ["m0", "m0", "m0", "m0", "m1", "m2"]
    assert sorted(row[2:4] for row in tables(tmp_path)["loads"]) == [(1, 1), (1, 1), (1, 1)]


def test_a_property_may_change_its_type(tmp_path: Path) -> None:
    values: list[Any] = [1, "one", {"a": [1]}, [None], 1.5, True, None]
    events = [
        {"event": "E", "user_id": "u", "message_id": f"m{number}", "properties": {"p": value}}
        for number, value in enumerate(values)
    ]
    lines = [HEAD + json.dumps(event).encode() + b"}\n" for event in events]
    written(tmp_path / "spool", [lines[:3], lines[3:]], None).close()
    assert loaded(tmp_path).events.landed == len(values)
    with duckdb.connect(str(tmp_path / "w.duckdb"), read_only=True) as connection:
        rows = connection.execute("select properties from s_raw.events order by event_id").fetchall()
    assert [json.loads(text)["p"] for (text,) in rows] == values


def test_no_folder_is_no_spool(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the spool"):
        loaded(tmp_path)
    (tmp_path / "spool").mkdir()
    assert loaded(tmp_path) == SpoolLoaded()
    assert not (tmp_path / "w.duckdb").exists()


def test_a_spool_that_cannot_be_changed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments(tmp_path)

    def refused(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "utime", refused)
    with pytest.raises(SegmentloomError, match="Permission denied"):
        loaded(tmp_path)
