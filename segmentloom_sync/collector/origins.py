"""Web pages that may send: origins, and what browsers are told of them (CORS, Fetch standard 3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from segmentloom_sync.collector.request import Headers
from segmentloom_sync.errors import ConfigError

_ORIGIN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?"
)
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_PREFLIGHT: Final[Headers] = [
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    ("access-control-max-age", "86400"),
]
_HEADERS: Final = (
    "authorization",
    "content-type",
    "x-write-key",
    "anonymousid",
    "sentat",
    "x-retry-count",
    "content-encoding",
    "idempotency-key",
)
_HEADER: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OTHER_HEADERS: Final = 50
_EXPOSED: Final = ("access-control-expose-headers", "retry-after, x-ratelimit-limit, x-ratelimit-remaining")
VARY: Final = ("vary", "Origin")
NO_ORIGIN: Final[Headers] = [VARY]
"""What is told a client that is no page."""


def normal_origin(text: str) -> str:
    """An origin as browsers write it.

    Raises:
        ConfigError: it is none.
    """
    match = _ORIGIN.fullmatch(text.strip().lower().removesuffix("/"))
    if match is None:
        raise ConfigError(
            f"{text!r} is no origin", hint="scheme and host, as in --origin https://shop.example"
        )
    port = match["port"]
    without = f"{match['scheme']}://{match['host']}"
    return without if port in (None, _DEFAULT_PORTS.get(match["scheme"])) else f"{without}:{port}"


class Origins:
    """All origins that some key allows: before the key of a request is known, these are answered.

    Args:
        lists: one for each live public key; an empty one allows any origin.
    """

    def __init__(self, lists: Iterable[tuple[str, ...]]) -> None:
        lists = list(lists)
        self._listed = frozenset(origin for allowed in lists for origin in allowed)
        self._allows_any = any(not allowed for allowed in lists)

    def headers(self, origin: str | None) -> Headers:
        """What every answer to a page says."""
        if origin is None:
            return NO_ORIGIN
        if origin in self._listed:
            allowed = ("access-control-allow-origin", origin)
            return [VARY, allowed, ("access-control-allow-credentials", "true"), _EXPOSED]
        if self._allows_any:
            return [VARY, ("access-control-allow-origin", origin), _EXPOSED]
        return [VARY]

    def preflight(self, origin: str | None, asked: str | None = None) -> Headers:
        """What the question before a request is answered.

        A page that may send may send any header: libraries add more when they try again (RudderStack's
        `Rsa-Retry-Attempt` and the like), and a browser that misses one of them here never does.

        Args:
            asked: `Access-Control-Request-Headers`.
        """
        headers = self.headers(origin)
        if len(headers) == 1:
            return headers
        names = [name.strip().lower() for name in (asked or "").split(",")[:_OTHER_HEADERS]]
        others = [name for name in names if name not in _HEADERS and _HEADER.fullmatch(name)]
        return [*headers, ("access-control-allow-headers", ", ".join([*_HEADERS, *others])), *_PREFLIGHT]
