from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentloom_sync.landing import refused
from segmentloom_sync.landing.event import Envelope, Event, normalise
from segmentloom_sync.landing.refused import Refused

LOADED = datetime(2026, 11, 20, 12, tzinfo=UTC)
NATIVE_TO_SEGMENT = {
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "previous_id": "previousId",
    "group_id": "groupId",
    "message_id": "messageId",
    "original_timestamp": "originalTimestamp",
    "sent_at": "sentAt",
    "received_at": "receivedAt",
}


def event(envelope: Envelope | None = None, **item: Any) -> Event:
    return normalise({"event": "Viewed", "user_id": "u1", **item}, envelope or Envelope(), LOADED)


def reason(**item: Any) -> str:
    with pytest.raises(Refused) as caught:
        event(**item)
    return caught.value.reason


def test_the_least_event_is_a_track_that_happens_when_it_is_loaded() -> None:
    landed = event()
    assert (landed.type, landed.event, landed.user_id) == ("track", "Viewed", "u1")
    assert landed.occurred_at == landed.received_at == LOADED
    assert (landed.original_timestamp, landed.sent_at) == (None, None)
    assert (landed.properties, landed.traits, landed.context) == ("{}", "{}", "{}")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("page", "Page Viewed"),
        ("screen", "Screen Viewed"),
        ("identify", None),
        ("group", None),
        ("alias", None),
    ],
)
def test_names_of_other_types(kind: str, name: str | None) -> None:
    assert event(type=kind).event == name


@pytest.mark.parametrize(
    ("item", "properties"),
    [
        ({"name": "Home", "category": "Shop"}, {"name": "Home", "category": "Shop"}),
        ({"name": "Home", "properties": {"name": "Own", "tab": 1}}, {"name": "Own", "tab": 1}),
        ({"name": "Home", "properties": {"name": None}}, {"name": None}),
        ({"name": "", "category": 7, "properties": {"tab": 1}}, {"tab": 1}),
    ],
)
def test_what_a_view_is_called_is_a_property(item: dict[str, Any], properties: dict[str, Any]) -> None:
    for kind in ("page", "screen"):
        assert json.loads(event(type=kind, **item).properties) == properties
    assert json.loads(event(type="track", **item).properties) == item.get("properties", {})


def test_an_event_name_is_kept_as_it_was_written() -> None:
    assert event(event="  Order Completed ").event == "  Order Completed "


@pytest.mark.parametrize("name", [None, "", "  ", 7, [], True])
def test_a_track_needs_a_name(name: Any) -> None:
    assert reason(type="track", event=name) == refused.TRACK_WITHOUT_EVENT


@pytest.mark.parametrize("kind", ["", "click", 7, [], {}, False])
def test_unknown_types_are_refused(kind: Any) -> None:
    assert reason(type=kind) == refused.UNKNOWN_TYPE


@pytest.mark.parametrize(("kind", "same"), [("Track", "track"), ("IDENTIFY", "identify"), ("Page", "page")])
def test_a_type_may_be_written_in_any_case(kind: str, same: str) -> None:
    assert event(type=kind, message_id="m") == event(type=same, message_id="m")


def test_a_line_without_type_and_event_is_refused() -> None:
    assert reason(event=None) == refused.UNKNOWN_TYPE


@pytest.mark.parametrize(
    ("value", "identifier"),
    [
        (" u1\t\n", "u1"),
        ("\u00a0u1", "\u00a0u1"),
        ("Ann", "Ann"),
        (7, "7"),
        (-7, "-7"),
        (7.0, "7"),
        (1e3, "1000"),
        (2**70, str(2**70)),
    ],
)
def test_ids_are_trimmed_text_or_digits(value: Any, identifier: str) -> None:
    assert event(user_id=value).user_id == identifier
    assert event(message_id=value).event_id == identifier
    assert event(type="alias", previous_id=value).previous_id == identifier
    assert event(group_id=value).group_id == identifier


@pytest.mark.parametrize("value", [True, False, 7.5, 1e300, [], {}, ["u1"]])
@pytest.mark.parametrize("name", ["user_id", "anonymous_id", "previous_id", "group_id", "message_id"])
def test_other_ids_refuse_the_event(name: str, value: Any) -> None:
    assert reason(**{name: value}) == refused.ID_NOT_TEXT


@pytest.mark.parametrize(
    "item", [{}, {"user_id": ""}, {"user_id": " \t"}, {"previous_id": "p"}, {"group_id": "g"}]
)
def test_an_event_of_nobody_is_refused(item: dict[str, Any]) -> None:
    assert reason(**{"user_id": None, **item}) == refused.NO_IDENTIFIER


def test_any_identifier_is_enough() -> None:
    assert event(user_id=None, anonymous_id="a").anonymous_id == "a"
    assert event(user_id=None, traits={"email": "a@b"}).email == "a@b"
    assert event(user_id=None, type="alias", previous_id="p").previous_id == "p"


@pytest.mark.parametrize(
    ("item", "email"),
    [
        ({"traits": {"email": " Ann@Example.COM "}}, "ann@example.com"),
        ({"traits": {"email": "a@x"}, "context": {"traits": {"email": "b@x"}}}, "a@x"),
        ({"properties": {"email": "c@x"}, "context": {"traits": {"email": "b@x"}}}, "b@x"),
        ({"properties": {"email": "c@x"}}, "c@x"),
        ({"traits": {"email": " "}, "properties": {"email": "c@x"}}, "c@x"),
        ({"traits": {"email": 7}, "properties": {"email": "c@x"}}, "c@x"),
        ({"traits": {"email": "no address"}, "properties": {"email": "c@x"}}, None),
        ({"traits": "a@x", "context": {"traits": ["b@x"]}}, None),
        ({"email": "top@level"}, None),
    ],
)
def test_the_email_is_the_first_that_is_text(item: dict[str, Any], email: str | None) -> None:
    assert event(**item).email == email


@pytest.mark.parametrize("value", [None, "text", 7, ["a"], True])
def test_what_should_be_an_object_and_is_none_counts_as_empty(value: Any) -> None:
    landed = event(properties=value, traits=value, context=value)
    assert (landed.properties, landed.traits, landed.context) == ("{}", "{}", "{}")


def test_traits_of_an_identify_may_stand_in_its_context() -> None:
    context = {"traits": {"plan": "pro"}}
    assert event(type="identify", context=context).traits == '{"plan":"pro"}'
    assert event(type="identify", context=context, traits={"plan": "free"}).traits == '{"plan":"free"}'
    assert event(context=context).traits == "{}"


def test_the_context_names_library_address_and_program() -> None:
    landed = event(context={"library": {"name": "analytics.js"}, "ip": "203.0.113.9", "userAgent": "M"})
    assert (landed.library, landed.ip, landed.user_agent) == ("analytics.js", "203.0.113.9", "M")
    landed = event(context={"library": "own", "ip": 7, "user_agent": "N"})
    assert (landed.library, landed.ip, landed.user_agent) == ("own", None, "N")


def test_a_batch_lends_its_events_what_they_lack() -> None:
    envelope = Envelope(
        context={"ip": "203.0.113.9", "locale": "de"},
        sent_at="2026-11-20T11:00:00Z",
        received_at="2026-11-20T11:30:00Z",
    )
    landed = event(envelope, context={"locale": "en"}, timestamp="2026-11-20T10:50:00Z")
    assert json.loads(landed.context) == {"ip": "203.0.113.9", "locale": "en"}
    assert landed.occurred_at == datetime(2026, 11, 20, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize("name", ["timestamp", "originalTimestamp", "sent_at", "received_at"])
def test_any_unreadable_time_refuses_the_event(name: str) -> None:
    assert reason(**{name: "soon"}) == refused.TIMESTAMP


def test_without_an_id_the_content_is_the_id() -> None:
    first = normalise({"event": "ä", "user_id": "u", "properties": {"b": 1, "a": 2}}, Envelope(), LOADED)
    second = normalise({"properties": {"a": 2, "b": 1}, "user_id": "u", "event": "ä"}, Envelope(), LOADED)
    text = '{"event":"ä","properties":{"a":2,"b":1},"user_id":"u"}'
    assert first.event_id == second.event_id == hashlib.sha256(text.encode()).hexdigest()
    assert event(message_id=" ").event_id == event(message_id=" ").event_id != " "


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "a@b"]),
    lambda children: (
        st.lists(children, max_size=2)
        | st.dictionaries(st.sampled_from(["email", "traits", "name"]), children, max_size=2)
    ),
    max_leaves=5,
)
TIME = st.sampled_from([None, "2026-11-20T12:00:00Z", "2026-11-19T00:00:00.123+02:00", 1763640000, "no"])
ITEM = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias", "x", None, 1]),
        "event": st.sampled_from(["Viewed", "", None, 3]),
        "timestamp": TIME,
        **dict.fromkeys(("original_timestamp", "sent_at", "received_at"), TIME),
        **dict.fromkeys(("user_id", "anonymous_id", "previous_id", "group_id", "message_id"), JSON),
        **dict.fromkeys(("properties", "traits", "context"), JSON),
    },
)


@settings(deadline=None, max_examples=300)
@given(ITEM)
def test_both_dialects_mean_the_same(item: dict[str, Any]) -> None:
    other = {NATIVE_TO_SEGMENT.get(key, key): value for key, value in item.items()}

    def outcome(given_item: dict[str, Any]) -> Any:
        try:
            landed = normalise(given_item, Envelope(), LOADED)
        except Refused as error:
            return error.reason
        return landed if given_item.get("message_id", given_item.get("messageId")) else landed[1:]

    assert outcome(item) == outcome(other)


def test_an_event_of_the_future_says_so_and_keeps_what_was_sent() -> None:
    late = "2999-01-01T00:00:00Z"
    for landed in (
        event(timestamp=late),
        event(originalTimestamp=late, context={"clock_future": False}),
        event(timestamp=late, originalTimestamp="2026-11-20T12:00:00Z"),
    ):
        assert (landed.occurred_at, json.loads(landed.context)) == (LOADED, {"clock_future": True})
        assert landed.original_timestamp == datetime(2999, 1, 1, tzinfo=UTC)
    assert event(timestamp="2026-11-20T12:05:00Z").context == "{}"
