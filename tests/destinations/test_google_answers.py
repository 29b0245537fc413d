"""Answers of Google's that have not the documented form."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from segmentloom_sync.destinations import google_answers, http
from segmentloom_sync.errors import ConfigError, DestinationMissing, SegmentloomError

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "details",
    [
        None,
        5,
        [None, "text"],
        [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "X", "metadata": None}],
        [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": None}],
        [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": ["text"]}],
    ],
)
def test_odd_details_are_no_harm(details: object) -> None:
    reply = http.Reply(400, {}, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": details}})
    assert isinstance(google_answers.error(reply, NOON, None), SegmentloomError)


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        ("NOT_FOUND", "No such user list.", DestinationMissing),
        ("NOT_FOUND", "Method not found.", ConfigError),
        (None, "No such user list.", ConfigError),
    ],
)
def test_a_list_is_gone_only_where_the_api_says_that_it_is_not_found(
    status: str | None, message: str, expected: type[SegmentloomError]
) -> None:
    reply = http.Reply(404, {}, {"error": {"code": 404, "status": status, "message": message}})
    assert type(google_answers.error(reply, NOON, "Buyers")) is expected
