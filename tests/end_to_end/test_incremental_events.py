"""`S.events` kept from load to load: what new deliveries bring, and in the end what all of them say."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segmentloom_sync.landing.files import find
from segmentloom_sync.landing.load import Loader
from segmentloom_sync.landing.tables import EVENT_COLUMNS, EVENTS, LOAD_COLUMNS, LOADS
from tests.incremental_events import DAY, IncrementalEvents, delivery
from tests.oracles.events import Delivery, accepted
from tests.oracles.landed import append, loads, row

STATE = "event_id, event, user_id, loaded_at, load_id, line_number"


def test_a_load_adds_its_events_with_a_batch_of_its_own(events: IncrementalEvents) -> None:
    events.land(delivery("c", "load2", 2), delivery("a", "load2", 2, "late"))
    run = events.build()

    assert events.names == {"a": "first", "b": "first", "c": "first"}
    assert events.batches == {"a": 1, "b": 1, "c": 2}
    assert events.rows("select load_id, batch from int_segmentloom__loads order by 1") == [
        ("load1", 1),
        ("load2", 2),
    ]
    assert events.rows("select count(*) from int_segmentloom__retractions") == [(0,)]
    named = [one.sql for one in run.statements if '"segmentloom_raw"."events"' in one.sql]
    # Which columns there are is asked of the catalog: that reads no event.
    reads = [sql for sql in named if "(describe " not in sql]
    assert reads
    assert all("loaded_at >= cast('2026-03-03 00:00:00.000000' as timestamp)" in sql for sql in reads)


def test_an_earlier_delivery_takes_the_place_of_the_one_that_counted(events: IncrementalEvents) -> None:
    events.land(
        delivery("a", "load2", 0, "earlier", user_id="u9", anonymous_id="d9"),
        delivery("b", "load3", 1, "same time, later load"),
    )
    events.build()

    assert events.names == {"a": "earlier", "b": "first"}
    assert events.batches == {"a": 2, "b": 1}
    assert events.rows("select owner_value, loaded_at from events where event_id = 'a'") == [("u9", DAY)]
    assert events.rows(
        "select r.source_id, r.event_id, r.type, r.occurred_at, r.user_id, r.email, r.batch"
        " from int_segmentloom__retractions as r"
    ) == [("web", "a", "track", DAY, "u1", None, 2)]


def test_of_two_loads_of_one_time_the_first_by_name_counts(events: IncrementalEvents) -> None:
    events.land(
        delivery("a", "load0", 1, "load0", line_number=9), delivery("b", "load2", 1, "load2", line_number=0)
    )
    events.build()

    assert events.names == {"a": "load0", "b": "first"}


def test_blocked_identifiers_of_a_displaced_event_are_not_kept(events: IncrementalEvents) -> None:
    last = {"user_id": "guest", "email": "x@x.org", "anonymous_id": "NULL", "previous_id": "guest"}
    events.land(delivery("c", "load2", 5, type="alias", **last))
    events.build()
    [(key,)] = events.rows("select owner_key from events where event_id = 'c'")
    events.land(delivery("c", "load3", 4, type="alias", user_id="u3", previous_id="d1"))
    events.build()

    assert events.rows(
        "select user_id, email, anonymous_id, previous_id, owner_key from int_segmentloom__retractions"
    ) == [(None, "x@x.org", None, "guest", key)]


def test_a_load_that_is_not_complete_is_not_read(events: IncrementalEvents) -> None:
    going_on = [delivery("c", "load2", -2), delivery("a", "load2", -2, "earlier")]
    with events.warehouse() as warehouse:
        append(warehouse, EVENTS, "raw", EVENT_COLUMNS, [row(one) for one in going_on])
    events.build()
    events.build("--full-refresh")
    assert events.names == {"a": "first", "b": "first"}

    with events.warehouse() as warehouse:
        append(warehouse, LOADS, "raw", LOAD_COLUMNS, loads(going_on))
    events.build()
    assert events.names == {"a": "earlier", "b": "first", "c": "first"}


def test_a_file_that_is_loaded_again_changes_nothing(events: IncrementalEvents, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(
        '{"message_id": "c", "event": "Viewed", "user_id": "u1", "timestamp": "2026-03-01"}\n'
        '{"message_id": "c", "event": "Viewed again", "user_id": "u1", "timestamp": "2026-03-01"}\n'
    )
    for _ in range(2):
        with events.warehouse() as warehouse:
            [found] = find([str(file)])
            Loader(warehouse, "web", lambda: datetime.now(UTC)).load(found, lambda _: None)
        events.build()

    assert events.names == {"a": "first", "b": "first", "c": "Viewed"}
    assert events.batches == {"a": 1, "b": 1, "c": 2}
    assert events.rows("select count(*) from int_segmentloom__loads") == [(2,)]


def test_a_load_without_new_events_uses_no_batch(events: IncrementalEvents) -> None:
    events.land(delivery("a", "load2", 2, "late"), delivery("r", "load2", 2, user_id=None))
    events.build()

    assert events.batches == {"a": 1, "b": 1}
    assert events.rows("select max(batch) from latest_progress") == [(1,)]
    assert events.rows("select load_id, batch from int_segmentloom__loads order by 1") == [
        ("load1", 1),
        ("load2", 1),
    ]


def test_a_run_with_nothing_new_asks_three_questions_and_writes_nothing(events: IncrementalEvents) -> None:
    before = events.rows("from latest_progress")
    run = events.build()

    sent = [one for one in run.statements if one.node.endswith("segmentloom__events")]
    assert not [one for one in sent if one.writes]
    assert len([one for one in sent if "segmentloom" in one.sql and "duckdb_" not in one.sql]) == 3
    assert events.rows("from latest_progress") == before
    assert events.batches == {"a": 1, "b": 1}


def test_a_change_of_the_block_list_builds_all_events_anew(events: IncrementalEvents) -> None:
    [(before,)] = events.rows("select generation from latest_progress")
    events.rows("insert into segmentloom_blocked_identifiers values ('user_id', 'U1', 'a test')")
    run = events.build()

    assert "all events are built anew: the blocked identifiers changed" in run.output
    assert events.rows("select event_id, owner_type, owner_key is null from events order by 1") == [
        ("a", None, True),
        ("b", "email", False),
    ]
    assert events.batches == {"a": 2, "b": 2}
    assert events.rows("select generation from latest_progress") != [(before,)]
    assert "built anew" not in events.build().output


def test_a_run_without_data_leaves_the_events_alone(events: IncrementalEvents) -> None:
    events.land(delivery("c", "load2", 2))
    events.build("--empty", "--full-refresh")
    assert events.batches == {"a": 1, "b": 1}
    events.build()
    assert events.batches == {"a": 1, "b": 1, "c": 2}


def test_a_change_of_the_sources_builds_all_events_anew(events: IncrementalEvents) -> None:
    source = {"name": "x", "kind": "custom", "relation": "segmentloom_raw.events"}
    mapped = {"columns": {"user_id": "user_id", "occurred_at": "occurred_at", "event": "event"}}
    run = events.build("--vars", str({"segmentloom_sources": [source | mapped]}))

    assert "the var segmentloom_sources and the code of the models changed" in run.output
    assert events.rows("select count(*) from events where source_id = 'x'") == [(1,)]


def test_loads_one_by_one_end_as_a_full_refresh_of_all(events: IncrementalEvents) -> None:
    chance = random.Random(7)
    landed = [delivery("a", "load1", 1), delivery("b", "load1", 1, user_id=None, email="b@x.org")]
    for number in range(6):
        load, days = f"{chance.randrange(10**6)}-{number}", chance.randrange(-9, 9)
        new = [
            delivery(
                chance.choice("abcdefghij"),
                load,
                days,
                f"{load} {line}",
                line_number=line,
                source_id=chance.choice(["web", "app"]),
                user_id=chance.choice([None, "guest", "u1", "u2"]),
                email=chance.choice([None, "b@x.org"]),
            )
            for line in range(8)
        ]
        landed += new
        events.land(*new)
        events.build()

    columns = "* exclude (batch)"
    increments = events.rows(f"select {columns} from events order by source_id, event_id")
    assert sorted(events.rows(f"select {STATE} from events")) == sorted(_state(accepted(landed)))
    assert events.rows("select count(*) from int_segmentloom__retractions") > [(0,)]
    [(last,)] = events.rows("select max(batch) from latest_progress")

    events.build("--full-refresh")
    assert events.rows(f"select {columns} from events order by source_id, event_id") == increments
    assert events.rows("select distinct batch from events") == [(last + 1,)]
    assert events.rows("select count(*) from int_segmentloom__retractions") == [(0,)]


def _state(deliveries: Iterable[Delivery]) -> list[tuple[Any, ...]]:
    names = STATE.split(", ")
    return [tuple(getattr(one, name) for name in names) for one in deliveries]
