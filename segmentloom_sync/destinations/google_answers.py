"""What the answers of the Data Manager API mean: errors by reason, states and match ranges by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from segmentloom_sync.destinations import http
from segmentloom_sync.destinations.base import MatchRate, RequestStatus
from segmentloom_sync.errors import (
    ConfigError,
    CredentialsError,
    DestinationMissing,
    Rejected,
    SegmentloomError,
    Unavailable,
)

QUOTA_WINDOW_SECONDS = 60.0
QUOTA_DAY = ZoneInfo("America/Los_Angeles")
"""Google Cloud counts daily quotas by this time zone."""

State = Literal["processing", "succeeded", "partial", "failed"]
_STATES: dict[str, State] = {
    "PROCESSING": "processing",
    "SUCCESS": "succeeded",
    "PARTIAL_SUCCESS": "partial",
    "FAILED": "failed",
    "REQUEST_STATUS_UNKNOWN": "processing",
}
_WORST_FIRST: tuple[State, ...] = ("failed", "partial", "processing", "succeeded")
_PASSING = "INTERNAL_ERROR"
"""A reason that passes: it helps to send all of the request again."""
_NO_REASON = "UNSPECIFIED"
_POSITION = re.compile(r"audience_?members\[(\d+)\]", re.IGNORECASE)
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
"""A name of an enumeration. A hash in capitals is longer."""


def error(reply: http.Reply, now: datetime, list_name: str | None) -> SegmentloomError:
    """The error for an answer that is not 2xx.

    Args:
        list_name: the list that the request was about, if it was about one.
    """
    if fault := http.server_fault("google_ads", reply, now):
        return fault
    problem = reply.object().get("error")
    details = _details(problem)
    reasons = [violation["reason"] for violation in details.violations if violation["reason"]]
    reason = next(iter(reasons), details.reason)
    if reply.status == 429:
        return Unavailable("google_ads is over quota", retry_after=_quota_wait(reply, details, now))
    if reply.status == 401:
        return CredentialsError(
            "google_ads refused the access token", hint="grant access anew (scope datamanager)"
        )
    if "TERMS_AND_CONDITIONS_NOT_SIGNED" in reasons:
        return ConfigError(
            "google_ads: the account has not accepted the Customer Match terms",
            hint="an administrator accepts them in Google Ads under Audience manager",
        )
    if reply.status == 404 and not _is_not_found(problem):
        return http.foreign("google_ads", reply)
    if "INVALID_REMOVE_AS_OF_TIME" in reasons:
        return ConfigError(
            "google_ads: by Google's clock the moment up to which members are removed lies in the future",
            hint="the clock of this machine is fast: set it, and run again",
        )
    if list_name is not None and (reply.status == 404 or "INVALID_USER_LIST_ID" in reasons):
        return DestinationMissing(
            f"google_ads: the list '{list_name}' is gone", hint="make it anew with run AUDIENCE --recreate"
        )
    if reply.status == 403:
        return CredentialsError(
            f"google_ads: no access to the account ({reason or f'status {reply.status}'})",
            hint="give the user or service account access to account_id, or set login_account_id",
        )
    fields = [violation["field"] for violation in details.violations]
    positions = frozenset(int(match[1]) for field in fields if (match := _POSITION.search(field)))
    return Rejected(
        f"google_ads refused the request ({reason or f'status {reply.status}'})",
        bad_positions=positions,
        is_about_members=reply.status in http.ABOUT_CONTENT
        and (not fields or any("member" in field.lower() for field in fields)),
    )


def code(value: object) -> str | None:
    """A name of one of Google's enumerations as it is; None for any other text, which may quote anything."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def request_status(answer: Mapping[str, Any]) -> RequestStatus:
    """The state over all destinations of a request, with what failed and the match range.

    A reason that is none, or not one of Google's codes, is `UNSPECIFIED`. It may hide one that passes.
    """
    parts = answer.get("requestStatusPerDestination", [])
    states = {_STATES.get(part.get("requestStatus", ""), "processing") for part in parts}
    reasons: Counter[str] = Counter()
    for part in parts:
        for count in part.get("errorInfo", {}).get("errorCounts", []):
            reason = code(str(count.get("reason", "")).removeprefix("PROCESSING_ERROR_REASON_"))
            reasons[reason or _NO_REASON] += int(count.get("recordCount", 0))
    state: State = next((state for state in _WORST_FIRST if state in states), "processing")
    is_unwell = state in ("partial", "failed")
    return RequestStatus(
        state=state,
        failed_count=sum(reasons.values()),
        reasons=dict(reasons),
        match_rates=tuple(rate for part in parts for rate in _match_ranges(part)),
        is_passing=is_unwell and _PASSING in reasons,
        is_unexplained=is_unwell and _PASSING not in reasons and (not reasons or _NO_REASON in reasons),
    )


def _match_ranges(part: Mapping[str, Any]) -> Iterator[MatchRate]:
    for status in part.get("audienceMembersIngestionStatus", {}).values():
        name = str(status.get("uploadMatchRateRange", ""))
        submitted = int(status.get("recordCount", 0))
        if match := re.fullmatch(r"MATCH_RATE_RANGE_(\d+)_TO_(\d+)", name):
            bounds = float(match[1]), float(match[2])
        elif match := re.fullmatch(r"MATCH_RATE_RANGE_LESS_THAN_(\d+)", name):
            bounds = 0.0, float(match[1])
        else:
            continue
        yield MatchRate(
            "range", "uploadMatchRateRange", lower=bounds[0], upper=bounds[1], submitted=submitted
        )


def _is_not_found(problem: object) -> bool:
    """Whether the API says that what the path names is not there, and not that it has no such path."""
    return (
        isinstance(problem, dict)
        and problem.get("status") == "NOT_FOUND"
        and problem.get("message") != "Method not found."
    )


class _Details:
    """The parts of a google.rpc.Status that the classification needs."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.quota_limit = ""
        self.retry_delay: float | None = None
        self.violations: list[dict[str, str]] = []


def _details(problem: object) -> _Details:
    found = _Details()
    for detail in _objects(problem.get("details") if isinstance(problem, dict) else None):
        kind = str(detail.get("@type", "")).rpartition(".")[2]
        if kind == "ErrorInfo":
            found.reason = code(detail.get("reason"))
            metadata = detail.get("metadata")
            found.quota_limit = str(metadata.get("quota_limit", "")) if isinstance(metadata, dict) else ""
        elif kind == "RetryInfo" and (
            match := re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay", "")))
        ):
            found.retry_delay = float(match[1])
        elif kind == "BadRequest":
            found.violations = [
                {"field": str(violation.get("field", "")), "reason": code(violation.get("reason")) or ""}
                for violation in _objects(detail.get("fieldViolations"))
            ]
    return found


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _quota_wait(reply: http.Reply, details: _Details, now: datetime) -> float:
    """Until the quota's window ends: what Google names, else midnight for a day's quota, else a minute."""
    named = http.retry_after(reply.headers, now) or details.retry_delay
    if named is not None:
        return named
    if "PerDay" not in details.quota_limit:
        return QUOTA_WINDOW_SECONDS
    local = now.astimezone(QUOTA_DAY)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds()
