"""Errors in the shape of the Data Manager API: a google.rpc.Status with its details."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from segmentloom_sync.simulators.google_rules import Violation
from segmentloom_sync.simulators.platform import Answer

_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def refused(violations: Sequence[Violation]) -> Answer:
    """The whole request is refused for these rules."""
    return error(
        400,
        "There was a problem with the request.",
        "INVALID_ARGUMENT",
        extra=[
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [violation._asdict() for violation in violations],
            }
        ],
    )


def error(
    code: int,
    message: str,
    reason: str | None = None,
    *,
    metadata: dict[str, str] | None = None,
    extra: Sequence[dict[str, Any]] = (),
    headers: dict[str, str] | None = None,
) -> Answer:
    """An error answer; `reason` and `metadata` go into its ErrorInfo, `extra` are further details."""
    details: list[dict[str, Any]] = []
    if reason:
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": "datamanager.googleapis.com",
                "metadata": metadata or {},
            }
        )
    details.append({"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": secrets.token_hex(8)})
    status = _STATUS_NAMES.get(code, "UNKNOWN")
    body = {"code": code, "message": message, "status": status, "details": [*details, *extra]}
    return Answer(code, {"error": body}, headers=headers or {})
