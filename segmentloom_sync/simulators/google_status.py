"""What the simulated Data Manager API reports: request statuses and user lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from segmentloom_sync.simulators.google_rules import Row
from segmentloom_sync.simulators.lists import Matching, SimulatedList

ENOUGH_FOR_A_RANGE = 100
"""Google does not publish from how many records on it reports a match range; this is our choice."""
_TYPES = {"email": "EMAIL", "phone": "PHONE_NUMBER", "address": "ADDRESS"}
_REASONS = {
    "denied": "PROCESSING_ERROR_REASON_DENIED_CONSENT",
    "unknown": "PROCESSING_ERROR_REASON_NO_CONSENT",
}


def ingestion(
    destination: dict[str, Any], sent: Sequence[Row], kind: str, matching: Matching
) -> dict[str, Any]:
    """The status of additions: rows without consent failed."""
    used = [row for row in sent if row.consent == "granted"]
    failed = Counter(_REASONS[row.consent] for row in sent if row.consent != "granted")
    state = "SUCCESS" if not failed else "PARTIAL_SUCCESS" if used else "FAILED"
    matched = sum(any(matching.knows(key.value) for key in row.keys) for row in used)
    counts = {**_counts(used, kind), "uploadMatchRateRange": match_range(matched, len(used))}
    status: dict[str, Any] = {
        "destination": destination,
        "requestStatus": state,
        "audienceMembersIngestionStatus": {f"{kind}IngestionStatus": counts},
    }
    if failed:
        status["errorInfo"] = {
            "errorCounts": [
                {"recordCount": str(count), "reason": reason} for reason, count in sorted(failed.items())
            ]
        }
    return status


def removal(destination: dict[str, Any], sent: Sequence[Row], kind: str) -> dict[str, Any]:
    """The status of removals, which never fail here."""
    return {
        "destination": destination,
        "requestStatus": "SUCCESS",
        "audienceMembersRemovalStatus": {f"{kind}RemovalStatus": _counts(sent, kind)},
    }


def everything_removed(destination: dict[str, Any]) -> dict[str, Any]:
    """The status of a removeAll."""
    return {
        "destination": destination,
        "requestStatus": "SUCCESS",
        "removeAllAudienceMembersStatus": {},
    }


def _counts(sent: Sequence[Row], kind: str) -> dict[str, Any]:
    types = Counter(_TYPES[key.type] for row in sent for key in row.keys if key.type in _TYPES)
    counts: dict[str, Any] = {"recordCount": str(len(sent))}
    if kind == "userData":
        counts["userIdentifierCount"] = str(types.total())
    else:
        counts["dataTypeCounts"] = [
            {"type": name, "count": str(count)} for name, count in sorted(types.items())
        ]
    return counts


def match_range(matched: int, submitted: int) -> str:
    """The name of the range that the share of matched records lies in."""
    if submitted < ENOUGH_FOR_A_RANGE:
        return "MATCH_RATE_RANGE_NOT_ELIGIBLE"
    percent = 100 * matched / submitted
    if percent < 20:
        return "MATCH_RATE_RANGE_LESS_THAN_20"
    if percent <= 30:
        return "MATCH_RATE_RANGE_20_TO_30"
    low = min(int((percent - 1e-9) // 10) * 10 + 1, 91)
    return f"MATCH_RATE_RANGE_{low}_TO_{low + 9}"


def user_list(entry: SimulatedList, matching: Matching) -> dict[str, Any]:
    """A list as the API shows it: 64-bit integers are text, counts are of matched members."""
    matched = matching.count(entry.members)
    info = {**entry.details.get("ingestedUserListInfo", {})}
    if entry.members and "contactIdInfo" in info:
        percent = round(100 * matched / len(entry.members))
        info["contactIdInfo"] = {**info["contactIdInfo"], "matchRatePercentage": percent}
    return {
        "membershipStatus": "OPEN",
        **entry.details,
        "name": f"accountTypes/GOOGLE_ADS/accounts/{entry.account}/userLists/{entry.id}",
        "id": entry.id,
        "displayName": entry.name,
        "accessReason": "OWNED",
        "accountAccessStatus": "ENABLED",
        "sizeInfo": {"displayNetworkMembersCount": str(matched), "searchNetworkMembersCount": str(matched)},
        "ingestedUserListInfo": info,
    }
