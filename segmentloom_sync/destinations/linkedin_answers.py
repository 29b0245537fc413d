"""What LinkedIn's answers mean, for the whole request and for each element of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from segmentloom_sync.destinations import http
from segmentloom_sync.destinations.base import Identifier, Member, Receipt
from segmentloom_sync.errors import ConfigError, CredentialsError, Rejected, SegmentloomError, Unavailable

MINUTE_QUOTA_SECONDS = 60.0
DAY_QUOTA_AFTER = 4
"""So many 429 in a row are not a minute's quota but the day's, which ends at midnight UTC."""
PASSING = frozenset({408, 409, 423, 429})
BAD_DATA = frozenset({400, 422})
"""Of an element: its member is refused for good. Other refusals say nothing about the member."""


def receipt(reply: http.Reply, members: Sequence[Member]) -> Receipt:
    """The outcome of each member. An answer that does not fit the batch leaves all of it unknown.

    Raises:
        CredentialsError: elements were refused for who we are; the others may have been applied.
    """
    request_id = reply.headers.get("x-li-uuid")
    statuses = _statuses(reply.object().get("elements"), len(members))
    if statuses is None:
        everything = frozenset(identifier for member in members for identifier in member.identifiers)
        return Receipt(unknown=everything, request_id=request_id)
    if refused := next((refusal for status in statuses if (refusal := _refusal(status))), None):
        raise refused
    rejected: dict[Identifier, str] = {}
    unknown: set[Identifier] = set()
    for member, status in zip(members, statuses, strict=True):
        if status in BAD_DATA:
            rejected.update((identifier, f"status {status}") for identifier in member.identifiers)
        elif not 200 <= status < 300:
            unknown.update(member.identifiers)
    return Receipt(rejected=rejected, unknown=frozenset(unknown - rejected.keys()), request_id=request_id)


def _statuses(elements: object, size: int) -> list[int] | None:
    """The status per position, by `batchIndex` where every element has one, else by order."""
    if not isinstance(elements, list) or len(elements) != size:
        return None
    statuses = [status for element in elements if isinstance(status := _field(element, "status"), int)]
    indexes = [index for element in elements if isinstance(index := _field(element, "batchIndex"), int)]
    if len(statuses) != size:
        return None
    if sorted(indexes) == list(range(size)):
        return [status for _, status in sorted(zip(indexes, statuses, strict=True))]
    return statuses


def _field(element: object, name: str) -> object:
    return element.get(name) if isinstance(element, dict) else None


def is_own(reply: http.Reply) -> bool:
    """Whether a refusal is LinkedIn's: its errors repeat the status and say what is wrong."""
    problem = reply.object()
    return problem.get("status") == reply.status and isinstance(problem.get("message"), str)


def error(reply: http.Reply, now: datetime, refusals_in_a_row: int) -> SegmentloomError:
    """The error for an answer that is not 2xx.

    Args:
        refusals_in_a_row: how many answers of 429 came without another in between, this one included.
    """
    if fault := http.server_fault("linkedin", reply, now):
        return fault
    if reply.status == 404 and not is_own(reply):
        return http.foreign("linkedin", reply)
    if reply.status == 429:
        return _busy(reply, now, refusals_in_a_row)
    if reply.status in PASSING:
        return Unavailable(
            f"linkedin answered {reply.status}",
            retry_after=http.retry_after(reply.headers, now),
            applied_unknown=True,
        )
    if refusal := _refusal(reply.status):
        return refusal
    if reply.status == 426:
        return ConfigError("linkedin has retired the configured api_version", hint="set a newer api_version")
    return Rejected(
        f"linkedin refused the request (status {reply.status})",
        hint="check base_url" if reply.status == 404 else None,
        is_about_members=reply.status in http.ABOUT_CONTENT,
    )


def _refusal(status: int) -> CredentialsError | None:
    """The error of a status that is about who we are, of an answer or of an element of it."""
    if status == 401:
        return CredentialsError(
            "linkedin refused the access token", hint="make a new token with the scope rw_dmp_segments"
        )
    if status == 403:
        return CredentialsError(
            "linkedin: the token has no access to the ad account",
            hint="give its member a role above VIEWER there, and the app access to Matched Audiences",
        )
    return None


def _busy(reply: http.Reply, now: datetime, refusals_in_a_row: int) -> SegmentloomError:
    if reply.object().get("code") == "SEGMENT_LIMIT_EXCEEDED":
        return Rejected(
            "linkedin: the ad account has as many segments as it may",
            hint="delete unused segments in Campaign Manager",
            is_about_members=False,
        )
    wait = http.retry_after(reply.headers, now)
    if wait is None and refusals_in_a_row < DAY_QUOTA_AFTER:
        wait = MINUTE_QUOTA_SECONDS
    if wait is None:
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        wait = (midnight - now).total_seconds()
    return Unavailable("linkedin is over quota", retry_after=wait)
