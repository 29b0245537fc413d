"""What a receiver's answers mean: 204 is a plain yes, 200 comes with outcomes, other statuses are errors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from segmentloom_sync.destinations import http
from segmentloom_sync.destinations.base import AudienceList, Identifier, Member, Receipt
from segmentloom_sync.errors import (
    CredentialsError,
    DestinationMissing,
    Rejected,
    SegmentloomError,
    Unavailable,
)

PLAIN = frozenset({202, 204})
"""Taken, nothing more to say. A 200 says more: an empty one may come from a proxy."""
_REASON = re.compile(r"[a-z][a-z_]{0,39}")
_LONGEST_ID = 200


def receipt(reply: http.Reply, members: Sequence[Member], webhook_id: str) -> Receipt:
    """The outcome of each member.

    As `{"accepted": 8, "rejected": [{"member": 3, "reason": "no_such_customer"}], "unknown": [5]}`.
    An answer that does not account for each member once leaves all of the batch unknown.
    """
    if reply.status in PLAIN:
        return Receipt(request_id=webhook_id)
    outcomes = reply.object()
    rejected = _rejected(outcomes.get("rejected", []))
    unknown, accepted = outcomes.get("unknown", []), outcomes.get("accepted")
    everyone = range(len(members))
    if (
        rejected is None
        or not isinstance(unknown, list)
        or not all(_is_whole(position) for position in unknown)
        or not _is_whole(accepted)
        or len(named := {*rejected, *unknown}) != len(rejected) + len(unknown)
        or not named <= set(everyone)
        or accepted != len(members) - len(named)
    ):
        return Receipt(unknown=_identifiers(members), request_id=webhook_id)
    refused = {
        identifier: reason
        for position, reason in rejected.items()
        for identifier in members[position].identifiers
    }
    doubtful = _identifiers([members[position] for position in unknown])
    return Receipt(rejected=refused, unknown=doubtful - refused.keys(), request_id=webhook_id)


def _rejected(entries: object) -> dict[int, str] | None:
    """Reasons by position; None when the list is none, or names a member twice."""
    if not isinstance(entries, list):
        return None
    found: dict[int, str] = {}
    for entry in entries:
        position = entry.get("member") if isinstance(entry, dict) else None
        if not isinstance(position, int) or isinstance(position, bool) or position in found:
            return None
        reason = entry.get("reason")
        # A word of the receiver's may be shown, a text of its own may quote the person.
        is_word = isinstance(reason, str) and _REASON.fullmatch(reason)
        found[position] = str(reason) if is_word else "refused by the receiver"
    return found


def list_of(reply: http.Reply) -> Mapping[str, Any] | None:
    """The list that an answer describes; None when it says that there is none.

    Raises:
        Unavailable: it says neither.
    """
    with http.understood("webhook"):
        described = reply.object()["list"]
        if described is None:
            return None
        return {**described, "id": _id(described["id"])}


def _id(value: object) -> str:
    text = str(value) if isinstance(value, str) or _is_whole(value) else ""
    if not text or len(text) > _LONGEST_ID or not text.isprintable():
        raise ValueError("no id")
    return text


def error(reply: http.Reply, now: datetime, audience_list: AudienceList | None) -> SegmentloomError:
    """The error for an answer that is not 2xx.

    Args:
        audience_list: the list that the request was about, if it was about one that is known.
    """
    if fault := http.server_fault("webhook", reply, now):
        return fault
    if reply.status == 429:
        return Unavailable(
            "the webhook's receiver limits the rate", retry_after=http.retry_after(reply.headers, now)
        )
    if reply.status == 409:
        return Unavailable(
            "the webhook's receiver is at work on the same batch",
            retry_after=http.retry_after(reply.headers, now),
            applied_unknown=True,
        )
    if reply.status in (401, 403):
        return CredentialsError(
            "the webhook's receiver refused the signature",
            hint="give both sides the same signing secret, and look at the clocks of both machines",
        )
    if reply.status == 410 and audience_list is not None:
        return gone(audience_list)
    if 300 <= reply.status < 400:
        return Rejected(
            f"the webhook's receiver answers with a redirect (status {reply.status}), which is not followed",
            hint="put the address that it leads to into base_url",
            is_about_members=False,
        )
    named = _rejected(reply.object().get("rejected", [])) or {}
    return Rejected(
        f"the webhook's receiver refused the request (status {reply.status})",
        hint="check base_url" if reply.status in (404, 405) else None,
        bad_positions=frozenset(named),
        is_about_members=reply.status in http.ABOUT_CONTENT,
    )


def gone(audience_list: AudienceList) -> DestinationMissing:
    """The error of a list that the receiver does not have any more."""
    return DestinationMissing(
        f"webhook: the list '{audience_list.name}' is gone", hint="make it anew with run AUDIENCE --recreate"
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _identifiers(members: Sequence[Member]) -> frozenset[Identifier]:
    return frozenset(identifier for member in members for identifier in member.identifiers)
