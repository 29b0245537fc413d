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
    ("state", "reasons", "is_passing", "is_unexplained"),
    [
        ("FAILED", {"INTERNAL_ERROR": 9}, True, False),
        ("FAILED", {"INTERNAL_ERROR": 9, "INVALID_FORMAT": 1}, True, False),
        ("FAILED", {"INTERNAL_ERROR": 9, "UNSPECIFIED": 1}, True, False),
        ("PARTIAL_SUCCESS", {"INTERNAL_ERROR": 1}, True, False),
        ("PARTIAL_SUCCESS", {}, False, True),
        ("FAILED", {}, False, True),
        ("FAILED", {"UNSPECIFIED": 3}, False, True),
        ("FAILED", {"UNSPECIFIED": 3, "INVALID_FORMAT": 1}, False, True),
        ("FAILED", {"INVALID_FORMAT": 1}, False, False),
        ("PARTIAL_SUCCESS", {"NO_CONSENT": 2, "INVALID_FORMAT": 1}, False, False),
        ("SUCCESS", {}, False, False),
    ],
)
def test_a_failure_passes_or_is_unexplained_unless_all_of_it_is_explained_otherwise(
    state: str, reasons: dict[str, int], is_passing: bool, is_unexplained: bool
) -> None:
    counts = [
        {"recordCount": str(number), "reason": f"PROCESSING_ERROR_REASON_{reason}"}
        for reason, number in reasons.items()
    ]
    part = {"requestStatus": state, "errorInfo": {"errorCounts": counts}}
    status = google_answers.request_status({"requestStatusPerDestination": [part]})
    assert (status.is_passing, status.is_unexplained) == (is_passing, is_unexplained)
    assert status.failed_count == sum(reasons.values())


SECRETS = ["ann@example.com", "ANN@EXAMPLE.COM", "Ann is on no list", "A" * 64, "", None, 7]
"""What a text may hold that is no code; 64 letters may be a hash."""


@pytest.mark.parametrize("text", SECRETS)
def test_a_reason_that_is_no_code_is_not_passed_on(text: object) -> None:
    counts = [{"recordCount": "3", "reason": text}, {"recordCount": "1", "reason": "UNSPECIFIED"}]
    part = {"requestStatus": "FAILED", "errorInfo": {"errorCounts": counts}}
    status = google_answers.request_status({"requestStatusPerDestination": [part]})
    assert (status.reasons, status.is_unexplained) == ({"UNSPECIFIED": 4}, True)


@pytest.mark.parametrize("status", [400, 403, 409])
@pytest.mark.parametrize("text", SECRETS)
def test_an_error_says_no_reason_that_is_no_code(text: object, status: int) -> None:
    for reason, told in ((text, f"(status {status})"), ("INVALID_FORMAT", "(INVALID_FORMAT)")):
        details = [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": text},
            {"@type": "x.google.rpc.BadRequest", "fieldViolations": [{"field": "a", "reason": reason}]},
        ]
        body = {"error": {"code": status, "status": "X", "message": text, "details": details}}
        error = google_answers.error(http.Reply(status, {}, body), NOON, "Buyers")
        assert told in error.message
