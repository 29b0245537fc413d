from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from segmentloom_sync.landing import refused
from segmentloom_sync.landing.event import Event
from segmentloom_sync.landing.json_line import MAX_BYTES
from segmentloom_sync.landing.lines import Refusal, rows
from segmentloom_sync.landing.staging import Counts, batches

LOADED = datetime(2026, 11, 20, 12, tzinfo=UTC)


def outcomes(*lines: bytes | dict[str, Any]) -> list[tuple[int, str]]:
    """(line, event id or reason) of each row."""
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return [
        (number, outcome.event_id if isinstance(outcome, Event) else outcome.reason)
        for number, outcome in rows(texts, LOADED)
    ]


def item(message_id: str, **more: Any) -> dict[str, Any]:
    return {"event": "x", "user_id": "u", "message_id": message_id, **more}


def test_lines_are_events_or_batches_and_blank_ones_count_for_nothing() -> None:
    assert outcomes(item("1"), b"\n", b"  \r\n", {"batch": [item("2"), item("3")]}) == [
        (1, "1"),
        (4, "2"),
        (4, "3"),
    ]


def test_one_bad_event_spoils_no_batch() -> None:
    assert outcomes({"batch": [item("1"), 7, item("2", type="x"), item("3")]}) == [
        (1, "1"),
        (1, refused.NOT_AN_OBJECT),
        (1, refused.UNKNOWN_TYPE),
        (1, "3"),
    ]


def test_an_id_twice_in_one_batch_is_one_delivery() -> None:
    assert outcomes({"batch": [item("1"), item("1", event="y")]}, item("1")) == [(1, "1"), (2, "1")]


def test_an_empty_batch_is_refused_and_a_batch_that_is_no_list_is_no_batch() -> None:
    assert outcomes({"batch": []}, {"batch": 7}, item("1", batch="b-7")) == [
        (1, refused.EMPTY_BATCH),
        (2, refused.UNKNOWN_TYPE),
        (3, "1"),
    ]


def test_values_that_are_no_object_are_refused() -> None:
    assert [reason for _, reason in outcomes(b"[]", b"7", b'"x"', b"null")] == [refused.NOT_AN_OBJECT] * 4


def refusal(line: bytes) -> Refusal:
    [(_, outcome)] = rows([line], LOADED)
    assert isinstance(outcome, Refusal)
    return outcome


def test_refused_lines_are_kept_as_text_that_every_warehouse_stores() -> None:
    assert refusal(b'{"a": "\xff\x00"}\r\n') == Refusal(refused.NOT_UTF8, '{"a": "\\xff\\x00"}')
    assert refusal(b'{"type": "x", "user_id": "\xc3\xa4"}').raw == '{"type":"x","user_id":"ä"}'


def test_of_a_line_that_is_too_long_the_start_is_kept() -> None:
    kept = refusal(b'{"a": "' + b"x" * MAX_BYTES)
    assert kept.reason == refused.TOO_LONG
    assert kept.raw.startswith('{"a": "xxx')
    assert len(kept.raw) == 64 * 1024


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40) | st.sampled_from([b'{"event":"x","user_id":1}', b'{"batch":[1,2]}'])))
def test_every_line_that_is_not_blank_is_counted(lines: list[bytes]) -> None:
    counts = Counts()
    staged = [row for batch in batches(rows(lines, LOADED), counts) for row in batch.to_pylist()]

    assert counts.read == len(staged)
    assert counts.rejected == sum(row["reason"] is not None for row in staged)
    assert {row["line_number"] for row in staged} == {
        number for number, line in enumerate(lines, start=1) if line and not line.isspace()
    }
    assert all(
        (row["reason"] is None) == (row["event_id"] is not None) == (row["raw"] is None) for row in staged
    )
    json.dumps(staged, default=str, ensure_ascii=False).encode()
