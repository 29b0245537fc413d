"""The quick look at an event lets nothing through that landing would refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segmentloom_sync.collector.verdict import Judge, message_id
from segmentloom_sync.landing.event import Envelope, normalise
from segmentloom_sync.landing.refused import Refused

NOW = datetime(2026, 11, 30, 10, tzinfo=UTC)
IDS: st.SearchStrategy[Any] = st.sampled_from(
    ["u", " ", "", "\t\n", "a" * 50, 7, 7.0, 7.5, True, None, [], {}, "\u3000"]
)
TIMES: st.SearchStrategy[Any] = st.sampled_from(
    ["2026-11-30T10:00:00Z", "2026-11-30 10:00", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00",
     "1795458541", "1795458541594", "2026-13-01", "soon", "", " ", 1795458541, 1e300, -1e18, None, [], True,
     "2026-W48-1", "20261130"]
)  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "Track", "identify", "page", "alias", "group", "x", "", None, 1]),
        "event": st.sampled_from(["x", " ", "", None, 1]),
        **{name: IDS for name in ("userId", "user_id", "anonymousId", "previousId", "messageId")},
        **{name: TIMES for name in ("timestamp", "originalTimestamp", "sentAt", "sent_at", "receivedAt")},
        "traits": st.sampled_from([{"email": "a@b"}, {"email": 1}, {}, [], None]),
        "context": st.sampled_from([{"traits": {"email": "a@b"}}, {"traits": 1}, {}, [], None, "x"]),
    },
)  # fmt: skip


@given(EVENTS, TIMES)
def test_what_is_accepted_can_be_landed_and_the_rest_has_its_reason(
    event: dict[str, Any], sent_at: Any
) -> None:
    envelope = Envelope(sent_at=sent_at or None)
    reason = Judge(True, NOW, envelope).reason_against(event, 100, message_id(event))
    landed: str | None = None
    try:
        normalise(event, envelope._replace(arrival=NOW), NOW)
    except Refused as error:
        landed = error.reason
    assert reason == landed
