"""Answers of Google's that have not the documented form."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from segmentloom_sync.destinations import google_answers, http
from segmentloom_sync.errors import SegmentloomError


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
    assert isinstance(google_answers.error(reply, datetime(2026, 11, 1, tzinfo=UTC), None), SegmentloomError)
