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
        *[
            [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]
            for delay in ("1.2.3s", ".s", "s", "-1s", "1e9s", 7, None)
        ],
        [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": None}],
        [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": ["text"]}],
    ],
)
def test_odd_details_are_no_harm(details: object) -> None:
    for status in (400, 429):
        body = {"error": {"code": status, "status": "INVALID_ARGUMENT", "details": details}}
        assert isinstance(google_answers.error(http.Reply(status, {}, body), NOON, None), SegmentloomError)


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


@pytest.mark.parametrize(
    ("state", "reasons", "is_passing"),
    [
        ("FAILED", {"INTERNAL_ERROR": 9}, True),
        ("FAILED", {"INTERNAL_ERROR": 9, "INVALID_FORMAT": 1}, True),
        ("PARTIAL_SUCCESS", {"INTERNAL_ERROR": 1}, True),
        ("PARTIAL_SUCCESS", {}, True),
        ("FAILED", {}, True),
        ("FAILED", {"UNSPECIFIED": 3}, True),
        ("FAILED", {"INVALID_FORMAT": 1}, False),
        ("PARTIAL_SUCCESS", {"NO_CONSENT": 2, "INVALID_FORMAT": 1}, False),
        ("SUCCESS", {}, False),
    ],
)
def test_a_failure_passes_unless_all_of_it_is_explained_otherwise(
    state: str, reasons: dict[str, int], is_passing: bool
) -> None:
    counts = [
        {"recordCount": str(number), "reason": f"PROCESSING_ERROR_REASON_{reason}"}
        for reason, number in reasons.items()
    ]
    part = {"requestStatus": state, "errorInfo": {"errorCounts": counts}}
    status = google_answers.request_status({"requestStatusPerDestination": [part]})
    assert (status.is_passing, status.failed_count) == (is_passing, sum(reasons.values()))
