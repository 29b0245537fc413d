"""Which deliveries become events, said again in plain Python: the models must agree with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TYPES = ("track", "identify", "page", "screen", "group", "alias")
NAMES = {"page": "Page Viewed", "screen": "Screen Viewed"}

Identifier = tuple[str, str]
"""(type, value), for example ("email", "ann@example.com")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row of `S_raw.events`: an event as one of its deliveries told it."""

    source_id: str
    event_id: str
    type: str
    occurred_at: datetime
    loaded_at: datetime
    load_id: str = "load"
    line_number: int = 1
    event: str | None = None
    anonymous_id: str | None = None
    user_id: str | None = None
    previous_id: str | None = None
    email: str | None = None
    properties: Any = None
    traits: Any = None
    context: Any = None

    @property
    def key(self) -> tuple[str, str]:
        """What is unique among events."""
        return self.source_id, self.event_id

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Every tie between events goes by this."""
        return self.occurred_at, self.source_id, self.event_id

    @property
    def name(self) -> str | None:
        """The event's name: conditions on events see track, page and screen."""
        return self.event if self.type == "track" else NAMES.get(self.type)


def refusal(delivery: Delivery) -> str | None:
    """Why a delivery is no event, or None."""
    if delivery.type not in TYPES:
        return "unknown type"
    if delivery.type == "track" and delivery.event is None:
        return "track without event"
    identifiers = [delivery.user_id, delivery.anonymous_id, delivery.email]
    if delivery.type == "alias":
        identifiers.append(delivery.previous_id)
    return None if any(identifiers) else "no identifier"


def accepted(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """One delivery per event: the first by load time, file and line."""
    first: dict[tuple[str, str], Delivery] = {}
    for delivery in sorted(deliveries, key=lambda one: (one.loaded_at, one.load_id, one.line_number)):
        if refusal(delivery) is None:
            first.setdefault(delivery.key, delivery)
    return list(first.values())
