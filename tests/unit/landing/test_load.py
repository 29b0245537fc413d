"""Landing in a real DuckDB file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentloom_sync.errors import WarehouseError
from segmentloom_sync.landing import refused
from segmentloom_sync.landing.files import find
from segmentloom_sync.landing.load import Loaded, Loader
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Statement, Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.workspace import CLI, Workspace

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "project")


@pytest.fixture
def warehouse(workspace: Workspace) -> Iterator[Warehouse]:
    connected = connect(Project.find(workspace.path))
    yield connected
    connected.close()


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"event": "Viewed", "user_id": f"u{number}", "message_id": f"m{number}", **more}


def write(folder: Path, name: str, *events: dict[str, Any] | str) -> Path:
    path = folder / name
    path.write_text("".join((e if isinstance(e, str) else json.dumps(e)) + "\n" for e in events))
    return path


def load(warehouse: Warehouse, *paths: Path, source: str = "shop") -> Loaded:
    loader = Loader(warehouse, source, lambda: NOW)
    total = Loaded()
    for file in find([str(path) for path in paths]):
        total += loader.load(file, lambda _: None)
    return total


def count(warehouse: Warehouse, table: str) -> int:
    return int(warehouse.rows(f"select count(*) from {warehouse.relation(table, 'raw')}")[0][0])


def test_events_land_in_their_columns(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.jsonl",
        {
            "messageId": "m1",
            "type": "identify",
            "userId": "u1",
            "anonymousId": "a1",
            "groupId": "g1",
            "timestamp": "2026-11-19T23:30:00.5-01:00",
            "sentAt": "2026-11-20T00:31:00Z",
            "receivedAt": "2026-11-20T00:32:00Z",
            "traits": {"email": "Ann@Example.com"},
            "properties": {"n": 1.5},
            "context": {"ip": "203.0.113.9", "userAgent": "M", "library": {"name": "js"}},
        },
    )

    assert load(warehouse, path) == Loaded(read=1, landed=1)

    [row] = warehouse.rows(
        f"""
        select
            event_id, source_id, type, event,
            occurred_at, original_timestamp, sent_at, received_at, loaded_at,
            anonymous_id, user_id, previous_id, group_id, email, properties, traits, context, library, ip,
            user_agent, event_date, line_number
        from {warehouse.relation("events", "raw")}
        """
    )
    original = datetime(2026, 11, 20, 0, 30, 0, 500_000, UTC)
    assert row == (
        "m1", "shop", "identify", None,
        datetime(2026, 11, 20, 0, 31, 0, 500_000, UTC), original,
        datetime(2026, 11, 20, 0, 31, tzinfo=UTC), datetime(2026, 11, 20, 0, 32, tzinfo=UTC), NOW,
        "a1", "u1", None, "g1", "ann@example.com",
        '{"n":1.5}', '{"email":"Ann@Example.com"}',
        '{"ip":"203.0.113.9","userAgent":"M","library":{"name":"js"}}',
        "js", "203.0.113.9", "M", NOW.date(), 1,
    )  # fmt: skip


def test_the_same_content_lands_once_whatever_the_file_is_called(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    first = write(tmp_path, "a.jsonl", event(1), event(2), "{broken")
    again = write(tmp_path, "b.jsonl", event(1), event(2), "{broken")

    assert load(warehouse, first) == Loaded(3, 2, 0, 1, {refused.NOT_JSON: 1})
    assert load(warehouse, again) == Loaded(3, 0, 2, 1, {refused.NOT_JSON: 1})

    assert [count(warehouse, table) for table in ("events", "rejected_events", "loads")] == [2, 1, 1]


def test_another_source_is_another_world(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", event(1))
    assert load(warehouse, path, source="shop").landed == 1
    assert load(warehouse, path, source="app").landed == 1


def test_later_deliveries_are_kept_behind_the_first(warehouse: Warehouse, tmp_path: Path) -> None:
    first = write(tmp_path, "a.jsonl", event(1), event(1, event="Late"), event(2))
    second = write(tmp_path, "b.jsonl", event(2, event="Later"), event(3))

    assert load(warehouse, first, second) == Loaded(read=5, landed=3, duplicates=2)

    assert warehouse.rows(
        f"""
        select event_id, event
        from {warehouse.relation("events", "raw")}
        where true
        qualify row_number() over (
            partition by source_id, event_id order by loaded_at, load_id, line_number
        ) = 1
        order by event_id
        """
    ) == [("m1", "Viewed"), ("m2", "Viewed"), ("m3", "Viewed")]


def test_refused_lines_are_kept_with_their_reason(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", event(1), "{broken", "", event(2, type="click"))

    assert load(warehouse, path).reasons == {refused.NOT_JSON: 1, refused.UNKNOWN_TYPE: 1}

    rejected = warehouse.relation("rejected_events", "raw")
    rows = warehouse.rows(
        f"select source_id, line_number, reason, raw, received_at from {rejected} order by 2"
    )
    assert rows == [
        ("shop", 2, refused.NOT_JSON, "{broken", NOW),
        ("shop", 4, refused.UNKNOWN_TYPE, json.dumps(event(2, type="click"), separators=(",", ":")), NOW),
    ]


class _Broken:
    """A warehouse that fails at its last statement, as a full disk would make it."""

    def __init__(self, whole: Warehouse) -> None:
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def apply(self, statements: list[Statement]) -> None:
        self._whole.apply([*statements, Statement("select error('no more')")])


def test_a_failure_leaves_nothing_half_landed(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", event(1), "{broken")
    broken: Any = _Broken(warehouse)

    with pytest.raises(WarehouseError, match="Invalid Input Error"):
        load(broken, path)
    assert [count(warehouse, table) for table in ("events", "rejected_events", "loads")] == [0, 0, 0]

    assert load(warehouse, path).landed == 1


def test_a_kill_leaves_nothing_half_landed(workspace: Workspace) -> None:
    whole = workspace.path / "whole.jsonl"
    with whole.open("w") as file:
        file.writelines(json.dumps(event(number)) + "\n" for number in range(60_000))
    wal = workspace.path / "warehouse.duckdb"
    for delay in (0.0, 0.4, 0.8):
        process = subprocess.Popen(
            [str(CLI), "load", "whole.jsonl"], cwd=workspace.path, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while not wal.exists() and time.monotonic() < deadline:
            assert process.poll() is None
        try:
            process.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        warehouse = connect(Project.find(workspace.path), wait_seconds=0)
        if warehouse.exists("loads", "raw"):
            assert count(warehouse, "events") == 60_000 * count(warehouse, "loads")
        warehouse.close()

    outcome = workspace.json("load", "whole.jsonl")
    assert outcome["landed"] + outcome["duplicates"] == 60_000


LINE = st.one_of(
    st.builds(lambda n: json.dumps(event(n)), st.integers(0, 5)),
    st.builds(lambda ns: json.dumps({"batch": [event(n) for n in ns]}), st.lists(st.integers(0, 5))),
    st.sampled_from(["{broken", "", '{"event":"x","user_id":"u"}', "null"]),
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(LINE, max_size=6), min_size=1, max_size=4))
def test_counts_agree_with_the_tables(warehouse: Warehouse, tmp_path: Path, files: list[list[str]]) -> None:
    for (name,) in warehouse.rows(
        "select table_name from information_schema.tables where table_schema like '%_raw'"
    ):
        warehouse.execute(f"delete from {warehouse.relation(name, 'raw')}")
    paths = [write(tmp_path, f"{number}.jsonl", *lines) for number, lines in enumerate(files)]

    first = load(warehouse, *paths)
    again = load(warehouse, *paths)

    events = warehouse.relation("events", "raw")
    assert first.read == first.landed + first.duplicates + first.rejected
    assert first.landed == warehouse.rows(f"select count(distinct event_id) from {events}")[0][0]
    assert (again.read, again.landed, again.rejected) == (first.read, 0, first.rejected)
    distinct = {tuple(lines) for lines in files}
    assert count(warehouse, "loads") == len(distinct)


def test_the_phone_number_is_landed_beside_what_was_sent(workspace: Workspace) -> None:
    (workspace.path / "segmentloom.yml").write_text(
        "destinations: {meta: {type: meta, default_phone_region: US, access_token: '${UNSET}'}}"
    )
    texts = ["(650) 555-1212", "+44 113 496 0987", "call me", None]
    lines = [event(number, traits={"phone": text}) for number, text in enumerate(texts)]
    write(workspace.path, "phones.jsonl", *lines)

    done = workspace.cli("load", "phones.jsonl")

    assert "1 phone number without a country code or not whole; kept as sent, never sent on" in done.stdout
    with duckdb.connect(str(workspace.path / "warehouse.duckdb"), read_only=True) as connection:
        landed = connection.sql(
            "select traits ->> 'phone', phone from segmentloom_raw.events order by event_id"
        )
        assert landed.fetchall() == list(
            zip(texts, ["+16505551212", "+441134960987", None, None], strict=True)
        )


def test_two_regions_are_refused(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "shop", variables={"segmentloom_default_phone_region": "DE"})
    (workspace.path / "segmentloom.yml").write_text(
        "destinations: {meta: {type: meta, default_phone_region: US}}"
    )
    write(workspace.path, "a.jsonl", event(1))
    done = workspace.cli("load", "a.jsonl", check=False)
    assert done.returncode == 2
    assert "segmentloom.yml says default_phone_region: US" in done.stderr
    assert "dbt_project.yml says segmentloom_default_phone_region: DE" in done.stderr


def test_the_command_says_what_it_did(workspace: Workspace) -> None:
    write(workspace.path, "a.jsonl", event(1), event(2))

    assert workspace.json("load", "a.jsonl") == {
        "files": 1, "read": 2, "landed": 2, "duplicates": 0, "rejected": 0, "reasons": {},
        "unusable_phones": 0,
    }  # fmt: skip
    done = workspace.cli("load", "a.jsonl", "--source", "app")
    assert done.stdout == "2 events landed from 1 file; 0 duplicates, 0 rejected of 2 read\n"


def test_the_command_exits_with_1_when_lines_were_rejected(workspace: Workspace) -> None:
    write(workspace.path, "a.jsonl", event(1), "{broken")
    done = workspace.cli("load", "a.jsonl", "--json", check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["reasons"] == {refused.NOT_JSON: 1}
    assert 'select * from "warehouse"."segmentloom_raw"."rejected_events"' in done.stderr


@pytest.mark.parametrize(
    "arguments", [("nowhere.jsonl",), ("a.jsonl", "nowhere.jsonl"), ("a.jsonl", "--source", " ")]
)
def test_the_command_exits_with_2_and_lands_nothing(workspace: Workspace, arguments: tuple[str, ...]) -> None:
    write(workspace.path, "a.jsonl", event(1))
    done = workspace.cli("load", *arguments, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert not (workspace.path / "warehouse.duckdb").exists()


def test_memory_stays_bounded(workspace: Workspace) -> None:
    path = workspace.path / "large.jsonl"
    line = json.dumps(event(1, properties={"text": "x" * 900})) + "\n"
    with path.open("w") as file:
        for _ in range(200):
            file.write(line * 500)
    program = (
        "import resource, sys\n"
        "from segmentloom_sync.landing.files import find\n"
        "from segmentloom_sync.landing.lines import rows\n"
        "from segmentloom_sync.landing.staging import Counts, batches\n"
        "from datetime import datetime, UTC\n"
        "import pyarrow\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for _ in batches(rows(find(['large.jsonl'])[0].lines(), datetime.now(UTC)), Counts()): pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=workspace.path,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert path.stat().st_size > 90 * 1024 * 1024
    assert int(done.stdout) < 80 * 1024
