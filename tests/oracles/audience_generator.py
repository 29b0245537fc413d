"""Random profiles, events and audience definitions: messy values, the whole grammar, the edges of windows."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.oracles.audiences import Event, World

AS_OF = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
EVENTS = ("Viewed Pricing", "viewed pricing", "Order Completed", 'it\'s 50% \\ "off"', "Café ☕")
KEYS: tuple[str | list[str], ...] = (
    "plan", "seats", "done", "at", "deep.plan", ["deep", "a b"], ["x.y"], "list.0", "nope",
)  # fmt: skip
TEXTS = (
    "free", "Free", "", "US", "5", "5.0", "05", "true", "TRUE", "{}", "[1]", "a'b",
    'q"', "\\", "50%", "_ree", "-1",
)  # fmt: skip
NUMBERS = (0, 1, 5, 5.0, -1, 2.5, 1000.0, 9007199254740991, 0.1, 1e-3)
TIMES = (
    "2026-06-30", "2026-07-01T12:30:00Z", "2026-07-01T12:30:00", "2026-07-01 12:30:00.000001",
    "2026-07-01T14:30:00+02:00", "2026-07-01T14:30:00+0200", "2026-07-01T12:30Z", "2026-02-30",
    "2026-07-01T24:00:00Z", "2026-07-01T12:30:00.123456789Z", "20260701",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    True, False, None, [], [5], {"plan": "free"}, " 5", "5 ", "1e3", "+5", ".5", "5.", "1,000", "0x5", "NaN",
    "inf", "1_000", "1e999", "-1e999",
)  # fmt: skip
MESSY: tuple[Any, ...] = (*TEXTS, *NUMBERS, *TIMES, *ODD)
WINDOWS = ("1 hour", "12 hours", "1 day", "7 days", "14 days", "30 days", "90 days")


class Generator:
    """Random profiles, events and conditions."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)

    def bag(self) -> dict[str, Any]:
        """Properties or traits, some of them nested."""
        some = self.pick.sample(["plan", "seats", "done", "at", "list", "x.y"], self.pick.randint(0, 5))
        bag = {key: self.pick.choice(MESSY) for key in some}
        if self.pick.random() < 0.5:
            bag["deep"] = {"plan": self.pick.choice(MESSY), "a b": self.pick.choice(MESSY)}
        return bag

    def moment(self) -> datetime:
        """A time at, or just beside, the edge of a window."""
        number, unit = self.pick.choice(WINDOWS).split()
        hours = int(number) * (1 if unit.startswith("hour") else 24)
        edge = self.pick.choice(
            [AS_OF, AS_OF - timedelta(hours=hours), AS_OF - timedelta(days=self.pick.randint(0, 120))]
        )
        return edge + timedelta(microseconds=self.pick.choice([-1, 0, 0, 1]))

    def world(self) -> World:
        """Profiles with and without events."""
        traits = {f"p{number}": self.bag() for number in range(40)}
        events = [
            Event(self.pick.choice(list(traits)[:30]), self.pick.choice(EVENTS), self.moment(), self.bag())
            for _ in range(250)
        ]
        audiences = {
            name: frozenset(self.pick.sample(list(traits), self.pick.randint(0, 30)))
            for name in ("staff", "buyers")
        }
        return World(traits, events, AS_OF, audiences)

    def condition(self, depth: int = 3) -> dict[str, Any]:
        """Any condition of the grammar."""
        kind = self.pick.choice(["event", "event", "trait", "trait", "audience", "all", "any", "not"])
        if kind == "not" and depth:
            return {"not": self.condition(depth - 1)}
        if kind in {"all", "any"} and depth:
            return {kind: [self.condition(depth - 1) for _ in range(self.pick.randint(1, 3))]}
        if kind == "audience":
            return {"audience": self.pick.choice(["staff", "buyers"])}
        if kind == "trait":
            return {"trait": self.pick.choice(KEYS), **self.operator()}
        return self.event()

    def event(self) -> dict[str, Any]:
        """An event condition."""
        condition: dict[str, Any] = {"event": self.pick.choice(EVENTS)}
        if self.pick.random() < 0.6:
            condition["count"] = (
                f"{self.pick.choice(['>=', '>', '<=', '<', '=', '!='])} {self.pick.randint(0, 3)}"
            )
        if self.pick.random() < 0.7:
            condition["within"] = self.pick.choice(WINDOWS)
        if self.pick.random() < 0.6:
            condition["where"] = [
                {"property": self.pick.choice(KEYS), **self.operator()}
                for _ in range(self.pick.randint(1, 2))
            ]
        return condition

    def operator(self) -> dict[str, Any]:
        """One operator and its value."""
        name = self.pick.choice(
            [
                "is",
                "is_not",
                "in",
                "not_in",
                "gt",
                "gte",
                "lt",
                "lte",
                "between",
                "contains",
                "starts_with",
                "exists",
            ]
        )
        if name in {"is", "is_not"}:
            return {name: self.scalar()}
        if name in {"in", "not_in"}:
            return {name: [self.scalar() for _ in range(self.pick.randint(1, 4))]}
        if name in {"contains", "starts_with"}:
            return {name: self.pick.choice([text for text in TEXTS if text])}
        if name == "exists":
            return {name: self.pick.random() < 0.5}
        bounds: list[Any] = sorted(self.pick.choices(NUMBERS, k=2))
        if self.pick.random() < 0.4:
            bounds = sorted(
                [AS_OF, AS_OF - timedelta(hours=self.pick.choice([0, 12, 36])) + timedelta(microseconds=1)]
            )
        return {name: bounds if name == "between" else bounds[0]}

    def scalar(self) -> Any:
        """Text, a number or a boolean."""
        return self.pick.choice(
            [self.pick.choice(TEXTS), self.pick.choice(NUMBERS), self.pick.choice([True, False])]
        )


def leaves(match: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The leaf conditions in file order."""
    if "not" in match:
        return leaves(match["not"])
    for group in ("all", "any"):
        if group in match:
            return [leaf for member in match[group] for leaf in leaves(member)]
    return [match]
