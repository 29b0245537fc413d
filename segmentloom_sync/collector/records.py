"""The heads of records: what the collector knows of a request, in the form of the spool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from segmentloom_sync.collector.authentication import Caller
from segmentloom_sync.spool.record import head

_MOST_TAILS: Final = 10_000
_SOME_TIME: Final = "-"


class ReceiptClock:
    """The time of arrival as text, made once for all requests of a millisecond.

    Args:
        seconds: the time since the epoch.
    """

    __slots__ = ("_millisecond", "_seconds", "now", "text")

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._millisecond = -1
        self.now = datetime.fromtimestamp(0, UTC)
        self.text = ""

    def tick(self) -> str:
        """The text of now; `now` is the same as a time."""
        millisecond = int(self._seconds() * 1000)
        if millisecond != self._millisecond:
            self._millisecond = millisecond
            self.now = datetime.fromtimestamp(millisecond / 1000, UTC)
            self.text = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self.text


class Heads:
    """Makes heads of records; all but the time is the same for many requests, and kept."""

    def __init__(self) -> None:
        self._tails: dict[tuple[str, str, str | None, bool], bytes] = {}

    def plain(self, received_at: str, caller: Caller, ip: str | None, gpc: bool) -> bytes:
        """The head of a record of which the request says nothing more."""
        known = (caller.key.id, caller.key.source, ip, gpc)
        tail = self._tails.get(known)
        if tail is None:
            if len(self._tails) >= _MOST_TAILS:
                self._tails.clear()
            whole = full(_SOME_TIME, caller, ip, gpc)
            start = f'{{"received_at":"{_SOME_TIME}"'.encode()
            if not whole.startswith(start):
                raise AssertionError("a record no longer begins with its time")
            tail = self._tails[known] = whole.removeprefix(start)
        return b'{"received_at":"%b"%b' % (received_at.encode(), tail)


def full(
    received_at: str,
    caller: Caller,
    ip: str | None,
    gpc: bool,
    envelope: Mapping[str, Any] | None = None,
    refused: str | None = None,
) -> bytes:
    """The head of a record of which the request says more, or of an event that is refused."""
    return head(
        received_at,
        caller.key.id,
        caller.key.source,
        ip=ip,
        keeps_own_ip=caller.is_secret,
        gpc=gpc,
        envelope=envelope or None,
        refused=refused,
    )
