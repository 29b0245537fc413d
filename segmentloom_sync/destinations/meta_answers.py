"""What the Graph API's answers mean. The code decides, never the HTTP status: being busy comes as 400 too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from segmentloom_sync.destinations import http
from segmentloom_sync.errors import (
    ConfigError,
    CredentialsError,
    DestinationMissing,
    Rejected,
    SegmentloomError,
    Unavailable,
)

BUSY = frozenset({4, 17, 32, 341, 613, 80003, 80004})
"""Over a rate limit: the usage headers say how long."""
TRANSIENT = frozenset({1, 2})
REFUSED = frozenset({10, 102, 190, 200, 294})
TERMS = frozenset({2650, 2654, 2655, 2663})
POLICY = 368
PARAMETER = 100
"""Something in the request is wrong, which may be a row."""
BLOCKED = frozenset({(100, 1713228), (100, 1713230), (100, 1713231)})
"""Uploads to the list are refused, whoever is in them; 1713230 is that of a list that is flagged."""
RETIRED = 2635
GONE = frozenset({(100, 33), (803, None)})
"""The object does not exist or is not visible to the token: Meta tells no difference."""
BUSY_SECONDS = 300.0
"""Where no header says how long."""
SLOW_FROM_PERCENT = 75.0
"""The part of a rate limit from which on batches follow each other more slowly."""
LONGEST_PAUSE_SECONDS = 60.0
"""Between two batches shortly before the limit."""
_ABSURD = 1e6


def error(reply: http.Reply, now: datetime, list_name: str | None) -> SegmentloomError:
    """The error for an answer that is no success.

    Args:
        list_name: the list that the request was about, if it was about one.
    """
    problem = reply.object().get("error")
    if not isinstance(problem, dict):
        return http.server_fault("meta", reply, now) or _unexplained(reply, now)
    code, subcode = problem.get("code"), problem.get("error_subcode")
    label = f"code {code}/{subcode}" if subcode else f"code {code}"
    if code in BUSY:
        return Unavailable(f"meta limits the rate ({label})", retry_after=_busy_wait(reply, now))
    if code in TRANSIENT or problem.get("is_transient") is True:
        return Unavailable(
            f"meta has a passing problem ({label})",
            retry_after=http.retry_after(reply.headers, now),
            applied_unknown=True,
        )
    if fault := http.server_fault("meta", reply, now):
        return fault
    return _final(code, subcode, label, list_name)


def _final(code: object, subcode: object, label: str, list_name: str | None) -> SegmentloomError:
    if code in REFUSED:
        return CredentialsError(
            f"meta refused the access token ({label})",
            hint="make a new system-user token with ads_management and access to the ad account",
        )
    if code in TERMS:
        return ConfigError(
            f"meta: the ad account has not accepted the custom audience terms ({label})",
            hint="an administrator accepts them at business.facebook.com under Audiences",
        )
    if code == RETIRED:
        return ConfigError(
            f"meta has retired the configured api_version ({label})", hint="set a newer api_version"
        )
    if (code, subcode) in GONE or (code, None) in GONE:
        return _invisible(label, list_name)
    if (code, subcode) in BLOCKED:
        return Rejected(
            f"meta takes no uploads to this list ({label})",
            hint="look at the list in Ads Manager: it may be flagged for data that Meta forbids",
            is_about_members=False,
        )
    if code == POLICY:
        return Rejected(
            f"meta blocks the account for policy reasons ({label})",
            hint="look at the account's quality page in Business Manager before sending again",
            is_about_members=False,
        )
    return Rejected(f"meta refused the request ({label})", is_about_members=code == PARAMETER)


def _invisible(label: str, list_name: str | None) -> SegmentloomError:
    if list_name is None:
        return CredentialsError(
            f"meta does not show the ad account to this token ({label})",
            hint="check ad_account_id, and give the token's system user access to it",
        )
    return DestinationMissing(
        f"meta: the list '{list_name}' is gone, or not visible to this token ({label})",
        hint="check that the token has access to the list; if it is gone: run AUDIENCE --recreate",
    )


def _unexplained(reply: http.Reply, now: datetime) -> SegmentloomError:
    if reply.status == 429:
        return Unavailable("meta limits the rate (status 429)", retry_after=_busy_wait(reply, now))
    return Rejected(
        f"meta answered {reply.status} without an error it explains",
        hint="check base_url and api_version",
        is_about_members=False,
    )


def _busy_wait(reply: http.Reply, now: datetime) -> float:
    """What Meta's headers name, else what sits between asks for."""
    return usage_wait(reply.headers) or http.retry_after(reply.headers, now) or BUSY_SECONDS


def pause(headers: Mapping[str, str]) -> float:
    """Seconds that should pass before the next change, by the usage headers of an answer; 0: none.

    From 75 % of the fullest limit on it grows evenly to a minute at 100 %; where a limit is used up, it is
    what Meta names. Limits of other parts of the API than custom audiences are not ours.
    """
    entries = [entry for entry in _business_usage(headers) if entry.get("type") == "custom_audience"]
    account, app = _object(headers.get("X-Ad-Account-Usage")), _object(headers.get("X-App-Usage"))
    used = max(
        _number(account.get("acc_id_util_pct")),
        *(_number(entry.get(name)) for entry in (*entries, app) for name in _USED),
    )
    wait = max((_regain_seconds(entry) for entry in entries), default=0.0)
    if _number(account.get("acc_id_util_pct")) >= 100:
        wait = max(wait, _number(account.get("reset_time_duration")))
    part = (used - SLOW_FROM_PERCENT) / (100.0 - SLOW_FROM_PERCENT)
    return max(wait, LONGEST_PAUSE_SECONDS * min(max(part, 0.0), 1.0))


def usage_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds until access is regained, the longest that the usage headers name; None when they name none."""
    waits = [_regain_seconds(entry) for entry in _business_usage(headers)]
    account = _object(headers.get("X-Ad-Account-Usage"))
    if _number(account.get("acc_id_util_pct")) >= 100:
        waits.append(_number(account.get("reset_time_duration")))
    return max(waits, default=0.0) or None


_USED = ("call_count", "total_cputime", "total_time")


def _business_usage(headers: Mapping[str, str]) -> list[dict[str, Any]]:
    """The limits of all businesses and parts of the API that an answer tells of."""
    return [
        entry
        for entries in _object(headers.get("X-Business-Use-Case-Usage")).values()
        if isinstance(entries, list)
        for entry in entries
        if isinstance(entry, dict)
    ]


def _regain_seconds(entry: Mapping[str, Any]) -> float:
    return 60.0 * _number(entry.get("estimated_time_to_regain_access"))


def _number(value: object) -> float:
    """A number as it is; 0 for anything else, and for what is absurd."""
    return float(value) if isinstance(value, int | float) and 0 < value < _ABSURD else 0.0


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def sample_values(samples: object) -> frozenset[str]:
    """All texts in `invalid_entry_samples`; its shape is not documented, so any nesting is read."""
    return frozenset(_texts(samples))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _texts(key)
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
