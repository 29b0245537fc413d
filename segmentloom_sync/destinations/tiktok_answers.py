"""What TikTok's answers mean. Errors come with HTTP 200 too: the envelope's `code` decides, 0 being success.

The codes are those that TikTok's own client library names; for which of its faults the segment endpoints use
which code is not documented.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from segmentloom_sync.destinations import http
from segmentloom_sync.errors import (
    ConfigError,
    CredentialsError,
    DestinationMissing,
    Rejected,
    SegmentloomError,
    Unavailable,
)

DONE = 0
PARTLY_DONE = 20001
"""Some of it was done; TikTok does not say which."""
BUSY = frozenset({40100, 40132})
BUSY_SECONDS = 60.0
"""Where no header says how long: TikTok's limits are per second, minute and day."""
CONFLICT = 40202
"""Another write is under way; this one did nothing."""
TOKEN = frozenset({40102, 40104, 40105, 40106})
ALLOW_LIST = frozenset({40117, 40118})
REFUSED = frozenset({40001, 40101, 40113, 40124, 40125, 40130, 40300, 40301, 40302})
RETIRED = frozenset({40006, 40051, 41001})
GONE = 40007
MEMBERS = frozenset({40000, 40002, 40061, 40062})
"""Something in the request is wrong, which may be a row, or rows are too many."""
SERVER = 50000
"""This code and greater ones are TikTok's own faults."""


class Envelope(NamedTuple):
    """A success."""

    data: dict[str, Any]
    request_id: str | None
    is_partial: bool


def envelope(reply: http.Reply, now: datetime, list_name: str | None) -> Envelope:
    """The content of a success.

    Args:
        list_name: the list that the request was about, if it was about one.

    Raises:
        SegmentloomError: what the code means, or Unavailable where the answer is none of TikTok's.
    """
    body = reply.object()
    code = body.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        raise _unexplained(reply, now)
    if code not in (DONE, PARTLY_DONE):
        raise _error(code, reply, now, list_name)
    data, request_id = body.get("data"), body.get("request_id")
    return Envelope(
        data if isinstance(data, dict) else {},
        request_id if isinstance(request_id, str) else None,
        code == PARTLY_DONE,
    )


def _error(code: int, reply: http.Reply, now: datetime, list_name: str | None) -> SegmentloomError:
    label = f"code {code}"
    if code in BUSY:
        wait = http.retry_after(reply.headers, now) or BUSY_SECONDS
        return Unavailable(f"tiktok limits the rate ({label})", retry_after=wait)
    if code == CONFLICT:
        return Unavailable(
            f"tiktok has another change of the list under way ({label})",
            retry_after=http.retry_after(reply.headers, now),
        )
    if code >= SERVER:
        return Unavailable(
            f"tiktok has a fault of its own ({label})",
            retry_after=http.retry_after(reply.headers, now),
            applied_unknown=True,
        )
    if code in TOKEN:
        return CredentialsError(
            f"tiktok refused the access token ({label})",
            hint="authorise the app for the ad account again and take the new long-lived token",
        )
    if code in ALLOW_LIST:
        return CredentialsError(
            f"tiktok does not let this app use the segment endpoints ({label})",
            hint="ask your TikTok representative to allow the app the streaming audience API",
        )
    if code in REFUSED:
        return CredentialsError(
            f"tiktok: the token has no access to the ad account ({label})",
            hint="check advertiser_id, the token's account and the app's scope Audience Management",
        )
    if code in RETIRED:
        return ConfigError(
            f"tiktok has retired the configured api_version ({label})", hint="set a newer api_version"
        )
    if code == GONE and list_name is not None:
        return gone(list_name)
    return Rejected(f"tiktok refused the request ({label})", is_about_members=code in MEMBERS)


def gone(list_name: str) -> DestinationMissing:
    """The error of a list that is not there any more."""
    return DestinationMissing(
        f"tiktok: the list '{list_name}' is gone", hint="make it anew with run AUDIENCE --recreate"
    )


def _unexplained(reply: http.Reply, now: datetime) -> SegmentloomError:
    """The error of an answer that is no envelope, such as a proxy's."""
    if fault := http.server_fault("tiktok", reply, now):
        return fault
    if reply.status == 429:
        wait = http.retry_after(reply.headers, now) or BUSY_SECONDS
        return Unavailable("tiktok limits the rate (status 429)", retry_after=wait)
    if not reply.is_ok:
        return Rejected(
            f"tiktok answered {reply.status} without an error it explains",
            hint="check base_url and api_version",
            is_about_members=False,
        )
    return Unavailable(
        "tiktok answered in a form that is not its own",
        hint="check base_url and api_version, and what sits between",
        applied_unknown=True,
    )
