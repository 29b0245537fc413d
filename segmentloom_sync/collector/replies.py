"""The answers that do not depend on any event."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from segmentloom_sync.collector.limits import RETRY_SECONDS
from segmentloom_sync.collector.request import JSON, TEXT, Headers, Refusal, Reply

_encode: Final = msgspec.json.Encoder().encode
_UNCACHED: Final = ("cache-control", "no-store")


def json_reply(status: int, document: dict[str, Any], headers: Headers | None = None) -> Reply:
    """A reply in JSON."""
    return Reply(status, _encode(document), [("content-type", JSON), *(headers or [])])


def text_reply(status: int, text: str) -> Reply:
    """A reply in plain text that nobody may keep."""
    return Reply(status, text.encode(), [("content-type", TEXT), _UNCACHED])


def refusal_reply(refusal: Refusal, headers: Headers | None = None) -> Reply:
    """What a refused request is answered."""
    return json_reply(refusal.status, refusal.document(), [*(headers or []), *refusal.headers.items()])


def unavailable(detail: str) -> Refusal:
    """The same request may be sent again, a little later."""
    return Refusal(503, "unavailable", detail, headers={"retry-after": str(RETRY_SECONDS)})


def not_found(detail: str = "there is nothing here: docs/collector.md has the paths") -> Refusal:
    """No such path."""
    return Refusal(404, "not_found", detail)


def method_not_allowed(*allowed: str) -> Refusal:
    """The path takes other methods."""
    methods = ", ".join(allowed)
    return Refusal(405, "method_not_allowed", f"this path takes {methods}", headers={"allow": methods})
