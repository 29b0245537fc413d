"""The quick way gives the rows of the strict one, or leaves the event to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from segmentloom_sync.landing.event import Event
from segmentloom_sync.landing.lines import Refusal
from segmentloom_sync.landing.phone import PhoneReader
from segmentloom_sync.spool import quick_event
from segmentloom_sync.spool.events import NO_RECORD, UNKNOWN_SOURCE, RecordReader
from segmentloom_sync.spool.quick_event import decode, quick
from segmentloom_sync.spool.record import head, record, records

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TEXT = st.sampled_from(["", " ", " u1 ", "u2", "Ann@Example.com", "x@y", "track", "é☕", '"\\', "0"])
TIMES = st.sampled_from(
    [
        "2026-11-30T10:00:00Z",
        "2026-11-30T10:00:00.123456Z",
        "2026-11-30T11:00:00+01:00",
        "2026-11-30 10:00:00",
        "2026-11-30",
        "2027-01-01T00:00:00.5Z",
        "2026-11-30T10:00:00+01:00Z",
        "0001-01-01T00:00:00Z",
        "1764496800",
        1764496800,
        1764496800123,
        "never",
        "",
        None,
    ]
)
PHONES = st.sampled_from(["+1 650 555 1212", "0171 1234567", 16505551212, "x", None, True])
ODD: st.SearchStrategy[Any] = st.sampled_from([None, 0, 7, 1.0, 1.5, True, [], {}, "text", ["email"]])
PERSON = st.fixed_dictionaries({}, optional={"email": TEXT | ODD, "phone": PHONES, "name": TEXT})
CONTEXT = st.fixed_dictionaries(
    {},
    optional={
        "ip": TEXT | ODD,
        "userAgent": TEXT | ODD,
        "user_agent": TEXT,
        "library": st.just({"name": "lib", "version": "1"}) | TEXT | ODD,
        "traits": PERSON | ODD,
        "gpc": ODD,
        "clock_future": ODD,
        "page": st.just({"email": "p@q", "n": [1, 2.5, {"a": None}]}),
    },
)
IDS = TEXT | ODD
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias", "Track", "x"])
        | ODD,
        "event": TEXT | ODD,
        "messageId": IDS,
        "message_id": IDS,
        "userId": IDS,
        "user_id": IDS,
        "anonymousId": IDS,
        "anonymous_id": IDS,
        "previous_id": IDS,
        "previousId": IDS,
        "group_id": IDS,
        "timestamp": TIMES,
        "originalTimestamp": TIMES,
        "original_timestamp": TIMES,
        "sentAt": TIMES,
        "sent_at": TIMES,
        "received_at": TIMES,
        "properties": PERSON | ODD,
        "traits": PERSON | ODD,
        "context": CONTEXT | ODD,
        "name": TEXT | ODD,
        "category": TEXT | ODD,
        "other": ODD,
    },
)
USUAL = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "identify", "group", "alias", "page"]),
        "event": st.just("Order Completed"),
        "messageId": st.just("m1"),
        "timestamp": st.sampled_from(["2026-11-30T10:00:00.5Z", "2999-01-01T00:00:00Z"]),
        "properties": st.fixed_dictionaries({}, optional={"email": TEXT, "name": TEXT | st.none()}),
    },
    optional={
        "name": TEXT,
        "category": TEXT,
        "user_id": TEXT,
        "anonymousId": TEXT,
        "traits": PERSON,
        "context": st.fixed_dictionaries(
            {}, optional={"ip": TEXT, "user_agent": TEXT, "library": TEXT, "traits": PERSON}
        ),
    },
)
ODDITIES = st.lists(EVENTS.flatmap(lambda event: st.sampled_from([*event.items(), None])), max_size=2)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "page", "identify"]),
        "message_id": st.just("given"),
        "sent_at": TIMES,
        "context": st.just({"userAgent": "Browser"}) | st.just({"a": 1, "ip": "9.9.9.9"}) | st.just({}),
    },
)
HEADS = st.fixed_dictionaries(
    {},
    optional={"ip": st.just("192.0.2.7"), "keeps_own_ip": st.booleans(), "gpc": st.booleans()},
)


def rows(text: bytes, *, is_quick: bool) -> list[tuple[Any, ...]]:
    reader = RecordReader(NOW, PhoneReader("DE"), is_quick=is_quick)
    return [
        (source, at, comparable(outcome) if isinstance(outcome, Event) else outcome)
        for source, at, outcome in reader.deliveries(text)
    ]


def comparable(event: Event) -> dict[str, Any]:
    row = event._asdict()
    for name, value in row.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            row[name] = value.replace(tzinfo=UTC)
    return row | {name: json.loads(row[name]) for name in ("properties", "traits", "context")}


CHANCE = given(usual=USUAL, odd=ODDITIES, envelope=ENVELOPES, said=HEADS, ascii_only=st.booleans())


def both_ways_give_the_same_row(
    usual: dict[str, Any],
    odd: list[tuple[str, Any] | None],
    envelope: dict[str, Any],
    said: dict[str, Any],
    ascii_only: bool,
) -> None:
    event = usual | dict(filter(None, odd))
    sent = json.dumps(event, ensure_ascii=ascii_only, separators=(",", ":")).encode()
    text = record(head("2026-11-30T11:59:59.5Z", "k", "web", envelope=envelope, **said), sent)
    assert rows(text, is_quick=True) == rows(text, is_quick=False)


test_both_ways_give_the_same_row = settings(max_examples=300, deadline=None)(
    CHANCE(both_ways_give_the_same_row)
)


def plain(**more: Any) -> bytes:
    event = {
        "type": "track",
        "event": "Order Completed",
        "messageId": "m1",
        "userId": "u1",
        "timestamp": "2026-11-30T10:00:00.123Z",
        "properties": {"total": 1.5, "email": "Ann@Example.com"},
        "context": {"library": {"name": "js"}, "userAgent": "Firefox", "ip": "203.0.113.9"},
        **more,
    }
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def test_usual_events_go_the_quick_way() -> None:
    start = head("2026-11-30T10:00:01Z", "k", "web", ip="192.0.2.7")
    gpc = head("2026-11-30T10:00:01Z", "k", "web", gpc=True)
    browser = head("2026-11-30T10:00:01Z", "k", "web", envelope={"context": {"userAgent": "B"}})
    texts = [
        record(start, plain()),
        record(
            start, plain(type="identify", event=None, traits={"email": "a@b", "phone": "+49 171 1234567"})
        ),
        record(gpc, plain()),
        record(browser, plain(context={"page": {"path": "/"}}, properties={"name": "é☕"})),
        record(
            start, plain(type="page", sentAt="2026-11-30T10:00:00Z", originalTimestamp="2026-11-30T09:59:58Z")
        ),
        record(gpc, plain(timestamp="2999-01-01T00:00:00Z")),
        record(start, plain(type="screen", name="Home", category="Shop", properties={"name": "é☕"})),
    ]
    for text in texts:
        event = quick(decode(text), datetime(2026, 11, 30, 10, 0, 1), PhoneReader("DE"))
        assert event is not None
    [(_, _, event)] = rows(texts[0], is_quick=True)
    assert (event["email"], event["ip"], event["user_agent"]) == ("ann@example.com", "192.0.2.7", "Firefox")
    [(_, _, event)] = rows(texts[2], is_quick=True)
    assert event["context"]["gpc"] is True
    [(_, _, event)] = rows(texts[5], is_quick=True)
    assert (event["occurred_at"], event["context"]["clock_future"]) == (event["received_at"], True)
    [(_, _, event)] = rows(texts[6], is_quick=True)
    assert event["properties"] == {"category": "Shop", "name": "é☕"}


def test_the_arrival_is_the_collectors_and_the_address_as_it_says() -> None:
    own = head("2026-11-30T10:00:01Z", "k", "web", ip="192.0.2.7", keeps_own_ip=True)
    other = head("2026-11-30T10:00:01Z", "k", "web", ip="192.0.2.7", keeps_own_ip=False)
    text = record(own, plain(received_at="2020-01-01T00:00:00Z")) + record(other, plain())
    (_, at, first), (_, _, second) = rows(text, is_quick=True)
    assert at == first["received_at"] == datetime(2026, 11, 30, 10, 0, 1, tzinfo=UTC)
    assert (first["ip"], second["ip"]) == ("203.0.113.9", "192.0.2.7")


@pytest.mark.parametrize(
    ("text", "source", "reason"),
    [
        (b"garbage", UNKNOWN_SOURCE, NO_RECORD),
        (b'{"received_at":"x","key":"k","source":"s","event":{}}', UNKNOWN_SOURCE, NO_RECORD),
        (b'{"key":"k","source":"s","event":{}}', UNKNOWN_SOURCE, NO_RECORD),
        (b"\xff\xfe", UNKNOWN_SOURCE, NO_RECORD),
        (record(head("2026-11-30T10:00:01Z", "k", "s"), b'{"event":"A"}'), "s", "no identifier"),
        (record(head("2026-11-30T10:00:01Z", "k", "s"), b"[]"), "s", "not a JSON object"),
        (record(head("2026-11-30T10:00:01Z", "k", "s"), b'{"event":"A","user_id":"\\u0000"}'), "s", "NUL"),
        (record(head("2026-11-30T10:00:01Z", "k", "s"), b'{"event":"A","user_id":"\xff"}'), "s", "not UTF-8"),
        (record(head("2026-11-30T10:00:01Z", "k", "s", refused="too large"), b'"x"'), "s", "too large"),
    ],
)
def test_poison_is_refused_with_a_reason(text: bytes, source: str, reason: str) -> None:
    [(found, _, outcome)] = rows(text, is_quick=True)
    assert isinstance(outcome, Refusal)
    assert found == source
    assert outcome.reason.startswith(reason)
    assert rows(text, is_quick=False) == rows(text, is_quick=True)


def test_events_over_several_lines_become_one() -> None:
    start = head("2026-11-30T10:00:01Z", "k", "web")
    spread = json.dumps(json.loads(plain()), indent=2, ensure_ascii=False).encode()
    assert record(start, spread) == record(start, plain())
    assert records(start, [plain(), spread]) == record(start, plain()) * 2
    assert records(start, [plain(), plain()]) == record(start, plain()) * 2


FAULTS = {
    "_id": lambda camel, snake: snake if snake is not None else camel,
    "_text": lambda value: value if type(value) is str else None,
    "_either": lambda camel, snake: camel,
    "first_email": lambda *values: next((value for value in values if value), None),
    "_titled": lambda sent, properties: properties,
    "_with": lambda context, known, around, gpc, is_of_future: context,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_difference_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_event, name, FAULTS[name])
    unshrunk = settings(max_examples=1000, deadline=None, database=None, phases=[Phase.generate])
    with pytest.raises((AssertionError, ExceptionGroup)):
        unshrunk(CHANCE(both_ways_give_the_same_row))()
