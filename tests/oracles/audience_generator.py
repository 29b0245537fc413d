"""Random profiles, events and audience definitions: messy values, the whole grammar, the edges of windows."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracles.audiences import Event, World, span

AS_OF = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


MOMENTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2026-07-01T12:30:00",
        "2026-07-01T12:29:59.999999",
        "2026-07-01T00:00:00",
        "2026-06-30T23:59:59.999999",
        "2026-03-01T03:04:05.678901",
        "2026-01-01T00:00:00",
        "2024-02-29T23:59:59.999999",
        # clocks change: in Berlin and Lord Howe, New York and Havana, Cairo
        "2026-03-29T00:30:00",
        "2026-03-29T22:00:00",
        "2026-03-30T01:00:00",
        "2026-10-25T01:30:00",
        "2026-10-31T23:00:00",
        "2026-04-04T15:00:00",
        "2026-04-08T12:00:00",
        "2026-03-08T04:59:59.999999",
        "2026-03-08T12:00:00",
        "2026-11-01T04:30:00",
        "2026-11-03T05:00:00",
        "2026-04-23T22:00:00",
        "2026-10-30T12:00:00",
    )
)
"""Times of evaluation: at midnights, beside them, at days of 23 and of 25 hours."""

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe",
    "Asia/Kathmandu", "Pacific/Kiritimati",
)  # fmt: skip
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
    "inf", "1_000", "1e999", "-1e999", "1e18", "-999999999999999999.9", "0.1234567895", "-4.0000000005",
)  # fmt: skip
MESSY: tuple[Any, ...] = (*TEXTS, *NUMBERS, *TIMES, *ODD)
WINDOWS = ("1 hour", "12 hours", "1 day", "7 days", "14 days", "30 days", "90 days")
CALENDAR_DAYS = (1, 2, 5, 7, 30)
SPANS = ("1 hour", "12 hours", "1 day", "3 days", "30 days")


class Generator:
    """Random profiles, events and conditions."""

    def __init__(self, seed: int, as_of: datetime = AS_OF) -> None:
        self.pick = random.Random(seed)
        self.as_of = as_of

    def bag(self) -> dict[str, Any]:
        """Properties or traits, some of them nested."""
        some = self.pick.sample(["plan", "seats", "done", "at", "list", "x.y"], self.pick.randint(0, 5))
        bag = {key: self.pick.choice(MESSY) for key in some}
        if self.pick.random() < 0.5:
            bag["deep"] = {"plan": self.pick.choice(MESSY), "a b": self.pick.choice(MESSY)}
        return bag

    def properties(self) -> dict[str, Any]:
        """A bag that often has a number, so that there is something to add up."""
        bag = self.bag()
        if self.pick.random() < 0.6:
            bag["seats"] = self.pick.choice([*NUMBERS, "5", "2.50", "-4.0000000005", "1e3"])
        return bag

    def moment(self) -> datetime:
        """A time at, or just beside, the edge of a window."""
        kind = self.pick.choice(["rolling", "calendar", "any"])
        edge = self.as_of - timedelta(days=self.pick.randint(0, 100) if kind == "any" else 0)
        if kind == "rolling":
            number, unit = self.pick.choice(WINDOWS).split()
            hours = int(number) * (1 if unit.startswith("hour") else 24)
            edge = self.as_of - timedelta(hours=self.pick.choice([0, hours]))
        elif kind == "calendar":
            zone = ZoneInfo(self.pick.choice(ZONES))
            day = self.as_of.astimezone(zone).date() - timedelta(days=self.pick.choice(CALENDAR_DAYS) - 1)
            edge = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        return edge + self.pick.choice([-1, 0, 0, 1]) * MICROSECOND

    def world(self) -> World:
        """Profiles with and without events; some events happen at the same time."""
        traits = {f"p{number}": self.bag() for number in range(40)}
        events: list[Event] = []
        for number in self.pick.sample(range(100, 400), 280):
            profile, name = self.pick.choice(list(traits)[:20]), self.pick.choice(EVENTS)
            moment = self.moment()
            if events and self.pick.random() < 0.4:
                # At the very time of another event, or as long after it as steps may take.
                earlier = self.pick.choice(events)
                profile, name = (
                    earlier.profile_id,
                    self.pick.choice([earlier.event, earlier.event, *EVENTS[:2]]),
                )
                moment = earlier.occurred_at + self.pick.choice([0, 1]) * span(self.pick.choice(SPANS))
            source = self.pick.choice(["app", "web"])
            events.append(Event(profile, name, moment, self.properties(), source, f"e{number}"))
        audiences = {
            name: frozenset(self.pick.sample(list(traits), self.pick.randint(0, 30)))
            for name in ("staff", "buyers")
        }
        return World(traits, events, self.as_of, audiences)

    def outranking(self, world: World, depth: int = 3) -> tuple[dict[str, dict[str, Any]], World]:
        """Up to two files that come first, by rank, and the world with their members."""
        files = {
            name: self.file(depth) for name in self.pick.choice([[], [], ["first"], ["first", "second"]])
        }
        for place, (name, file) in enumerate(files.items()):
            members = frozenset(world.members(file, name, [*files][:place]))
            world = replace(world, audiences={**world.audiences, name: members})
        return files, world

    def file(self, depth: int = 3) -> dict[str, Any]:
        """Who is a member, as an audience file says it; its groups are at most so deep."""
        file: dict[str, Any] = {"match": self.condition(depth), "time_zone": self.pick.choice(ZONES)}
        if self.pick.random() < 0.3:
            file["exclude"] = self.condition(min(depth, 1))
        if self.pick.random() < 0.3:
            file["holdout"] = {"percent": self.pick.choice([0.01, 12.5, 33.33, 50, 99.99])}
            if self.pick.random() < 0.5:
                file["holdout"]["group"] = self.pick.choice(["spring", "autumn"])
        return file

    def condition(self, depth: int = 3) -> dict[str, Any]:
        """Any condition of the grammar."""
        kind = self.pick.choice(
            ["event", "event", "event", "sequence", "trait", "trait", "audience", "all", "any", "not"]
        )
        if kind == "not" and depth:
            return {"not": self.condition(depth - 1)}
        if kind in {"all", "any"} and depth:
            return {kind: [self.condition(depth - 1) for _ in range(self.pick.randint(1, 3))]}
        if kind == "audience":
            return {"audience": self.pick.choice(["staff", "buyers"])}
        if kind == "trait":
            return {"trait": self.pick.choice(KEYS), **self.operator()}
        return self.sequence() if kind == "sequence" else self.event()

    def event(self) -> dict[str, Any]:
        """An event condition."""
        condition: dict[str, Any] = {"event": self.pick.choice(EVENTS)}
        way = self.pick.choice(
            ["count", "count", "distinct_days", "aggregate", "aggregate", "occurrence", "occurrence"]
        )
        if way == "distinct_days" or (way == "count" and self.pick.random() < 0.8):
            operator = self.pick.choice([">=", ">", "<=", "<", "=", "!="])
            condition[way] = f"{operator} {self.pick.randint(0, 3)}"
        elif way == "aggregate":
            function = self.pick.choice(["sum", "avg", "avg", "min", "max"])
            condition[function] = {
                "property": self.pick.choice(["seats", "seats", "seats", "plan", "deep.plan", "at"]),
                **self.aggregate_operator(function),
            }
        elif way == "occurrence":
            condition["occurrence"] = self.pick.choice(["first", "last"])
        if self.pick.random() < 0.6:
            condition["within"] = self.window()
        if self.pick.random() < (0.2 if way == "aggregate" else 0.5):
            condition["where"] = self.where()
        return condition

    def sequence(self) -> dict[str, Any]:
        """A sequence condition."""
        steps: list[dict[str, Any]] = [
            {"event": self.pick.choice(EVENTS[:3])} for _ in range(self.pick.choice([2, 2, 2, 3, 4, 5]))
        ]
        for step in steps:
            if self.pick.random() < 0.2:
                step["where"] = self.where()
        condition: dict[str, Any] = {"sequence": steps}
        if self.pick.random() < 0.6:
            condition["within"] = self.window()
        if self.pick.random() < 0.5:
            condition["steps_within"] = self.pick.choice(SPANS)
        return condition

    def window(self) -> str:
        """A rolling window, or one of calendar days."""
        days = self.pick.choice(CALENDAR_DAYS)
        return self.pick.choice([self.pick.choice(WINDOWS), f"{days} calendar day{'s' * (days > 1)}"])

    def where(self) -> list[dict[str, Any]]:
        """What must hold of one and the same event."""
        if self.pick.random() < 0.5:
            # One that many events pass, and as many do not.
            return [{"property": "seats", **self.pick.choice([{"gte": 1}, {"exists": False}, {"lt": 2.5}])}]
        return [
            {"property": self.pick.choice(KEYS), **self.operator()} for _ in range(self.pick.randint(1, 2))
        ]

    def aggregate_operator(self, function: str) -> dict[str, Any]:
        """One operator of an aggregate and its value."""
        name = self.pick.choice(["is", "is_not", "gt", "gte", "lt", "lte", "between"])
        numbers = [0, 1, 2, 2.5, 3, 5, 10, 0.1, 1000.001, -1, 2.000000001]
        if name in {"is", "is_not"}:
            return {name: self.pick.choice(numbers)}
        bounds: list[Any] = sorted(self.pick.choices(numbers, k=2))
        if function in {"min", "max"} and self.pick.random() < 0.4:
            bounds = self.times()
        return {name: bounds if name == "between" else bounds[0]}

    def times(self) -> list[datetime]:
        """Two times, the earlier first."""
        back = timedelta(hours=self.pick.choice([0, 12, 36]))
        return sorted([AS_OF, AS_OF - back + MICROSECOND])

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
            bounds = self.times()
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
