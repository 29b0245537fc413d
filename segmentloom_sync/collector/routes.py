"""Which paths there are and what may be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

_SHORT: Final = {
    "track": "t",
    "identify": "i",
    "page": "p",
    "screen": "s",
    "group": "g",
    "alias": "a",
    "batch": "b",
}
"""The paths that Segment's browser library posts to."""
_JITSU: Final = ("/api/s/", "/api/s/s2s/")
"""Where Jitsu's library posts each type of event, from pages and from servers."""


class Route(NamedTuple):
    """A path that takes events.

    Attributes:
        name: for logs and metrics.
        type: of its events; None: each event of the batch says its own.
        is_plain: answers in one line of text unless JSON is asked for.
    """

    name: str
    type: str | None
    is_plain: bool = False

    @property
    def is_batch(self) -> bool:
        """Whether the body holds several events."""
        return self.type is None


def _routes() -> dict[str, Route]:
    routes = {}
    for name, short in _SHORT.items():
        route = Route(name, None if name == "batch" else name)
        routes[f"/v1/{name}"] = routes[f"/v1/{short}"] = route
        if not route.is_batch:
            routes |= {f"{start}{name}": route for start in _JITSU}
    routes["/v1/track"] = Route("track", "track", is_plain=True)
    routes["/beacon/v1/batch"] = Route("beacon", None)
    return routes


EVENT_ROUTES: Final[Mapping[str, Route]] = _routes()


_SETTINGS: Final = ("/v1/projects/", "/settings")


def settings_key(path: str) -> str | None:
    """The key in the path from which Segment's browser library reads its settings; None: another path."""
    start, end = _SETTINGS
    if not (path.startswith(start) and path.endswith(end)):
        return None
    key = path[len(start) : -len(end)]
    return key if key and "/" not in key else None
