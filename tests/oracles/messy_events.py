"""Random event sets full of what goes wrong in real ones, in many small scenarios that share nothing.

A prefix on all identifiers, events and loads keeps scenarios apart, so that one dbt build checks hundreds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.oracles.events import Delivery

START = datetime(2026, 3, 1, tzinfo=UTC)
PLACEHOLDERS = [
    "null",
    "GUEST",
    "Unknown",
    "0",
    "N/A",
    "[object Object]",
    "00000000-0000-0000-0000-000000000000",
]
# Values that the seed blocks, by the type as which they appear here, in another case than the seed has them.
BLOCKED = {
    "user_id": ["Shared-Login"],
    "anonymous_id": ["KIOSK", "Test"],
    "email": ["noreply@example.com", "test@example.com"],
    "phone": ["+1 650 555 0199"],
}
TYPES = ["track"] * 4 + ["identify"] * 4 + ["alias"] * 2 + ["page", "screen", "group"]
MOSTLY_ALIASES = ["alias"] * 6 + ["track", "identify"]
TRAIT_VALUES: list[Any] = [
    "gold",
    "",
    'a "quoted" \\ text',
    "Zoë",
    3,
    -2.5,
    True,
    False,
    None,
    None,
    {"b": 1, "a": [None]},
    [],
]
TRAIT_KEYS = ["plan", "Plan", "seats", "first name", "a.b", "naïve", "email", "phone"]
PHONES: list[Any] = [
    "+1 650 555 0100",
    "+1 650 555 0199",
    " +49 30 123456 ",
    16505550100,
    "",
    "unknown",
    None,
    {"no": 1},
    True,
]
NO_TRAITS: list[Any] = [None, {}, [1], "text"]
CONSENTS: list[Any] = ["granted", "DENIED", True, False, "False", "maybe", None, 1]


def messy_events(seed: int, scenarios: int, *, with_blocked: bool) -> list[Delivery]:
    """Deliveries of many scenarios, in random order; `with_blocked` mixes in what `BLOCKED` lists."""
    random = Random(seed)
    blocked = BLOCKED if with_blocked else {}
    deliveries = [
        one for number in range(scenarios) for one in _scenario(random, f"{seed}.{number}-", blocked)
    ]
    random.shuffle(deliveries)
    return deliveries


def _scenario(random: Random, prefix: str, blocked: Mapping[str, list[str]]) -> list[Delivery]:
    names = {
        "user_id": [f"{prefix}u{n}" for n in range(random.choice([1, 2, 4, 8]))],
        "anonymous_id": [f"{prefix}d{n}" for n in range(random.choice([1, 2, 5]))],
        "email": [f"{prefix}e{n}@example.com" for n in range(random.choice([1, 2, 4]))],
    }
    # Aliases name ids of either kind, ids that nothing else names, and placeholders.
    names["previous_id"] = [*names["user_id"], *names["anonymous_id"], f"{prefix}x", "none"]
    if random.random() < 0.4:
        names["user_id"].append(names["anonymous_id"][0])  # one text as both
    for type_, values in names.items():
        never = [] if type_ == "email" else PLACEHOLDERS
        never = [*never, *blocked.get(type_, [])]
        # About one in sixteen.
        names[type_] = values * 15 * len(never) + never * len(values) if never else values
    times = [
        START + timedelta(seconds=random.randrange(10), microseconds=random.choice([0, 1, 500]))
        for _ in range(6)
    ]
    count = random.choice([1, 2, 4, 8, 16, 30])
    loads = [_load(random, f"{prefix}{letter}") for letter in random.sample("abcdef", random.randrange(1, 6))]
    if random.random() < 0.1:
        return _turning(random, prefix, names, times, loads)
    types = MOSTLY_ALIASES if random.random() < 0.2 else TYPES
    deliveries = [
        _delivery(random, prefix, names, times, count, random.choice(types), random.choice(loads))
        for _ in range(count + random.randrange(3))
    ]
    if random.random() < 0.3:
        deliveries += _again(random, deliveries, f"{prefix}{random.choice('AZz')}")
    return deliveries


def _turning(
    random: Random,
    prefix: str,
    names: dict[str, list[str]],
    times: list[datetime],
    loads: list[dict[str, Any]],
) -> list[Delivery]:
    """An alias whose previous_id is of another type before this or that load came."""
    user, device = random.choice(names["user_id"]), names["anonymous_id"][0]
    shown: list[dict[str, Any]] = [
        {"type": "alias", "previous_id": device, "user_id": user},
        {"type": "page", "anonymous_id": device},
        {"type": "identify", "user_id": device},
    ]
    return [
        Delivery(
            **random.choice(loads),
            event_id=f"{prefix}{number}",
            line_number=number,
            occurred_at=random.choice(times),
            **fields,
        )
        for number, fields in enumerate(shown)
    ]


def _load(random: Random, load_id: str) -> dict[str, Any]:
    """What all deliveries of a load share; times of loading come twice, and in another order than the ids."""
    return {
        "load_id": load_id,
        "source_id": random.choice(["web", "server"]),
        "loaded_at": START + timedelta(days=1, seconds=random.randrange(3)),
    }


def _again(random: Random, deliveries: list[Delivery], load_id: str) -> list[Delivery]:
    """A whole load once more, as another one: earlier than the first, with it, or later."""
    load_again = random.choice(deliveries).load_id
    loaded_at = _load(random, load_id)["loaded_at"]
    return [
        replace(one, load_id=load_id, loaded_at=loaded_at) for one in deliveries if one.load_id == load_again
    ]


def _delivery(
    random: Random,
    prefix: str,
    names: dict[str, list[str]],
    times: list[datetime],
    count: int,
    type_: str,
    load: dict[str, Any],
) -> Delivery:
    return Delivery(
        **load,
        event_id=f"{prefix}{random.randrange(count * 2)}",
        type=type_,
        event=random.choice(["Order Completed", "Signed Up"]) if type_ == "track" else None,
        occurred_at=random.choice(times),
        line_number=random.randrange(1_000_000),
        user_id=_identifier(random, names["user_id"], 0.5),
        anonymous_id=_identifier(random, names["anonymous_id"], 0.6),
        email=_identifier(random, names["email"], 0.3),
        previous_id=_identifier(random, names["previous_id"], 0.9 if type_ == "alias" else 0.1),
        properties={"amount": random.randrange(100)},
        traits=_traits(random) if random.random() < 0.6 else random.choice(NO_TRAITS),
        context=_context(random),
    )


def _identifier(random: Random, values: list[str], chance: float) -> str | None:
    return random.choice(values) if random.random() < chance else None


def _traits(random: Random) -> dict[str, Any]:
    traits = {random.choice(TRAIT_KEYS[:-1]): random.choice(TRAIT_VALUES) for _ in range(random.randrange(4))}
    if random.random() < 0.4:
        traits["phone"] = random.choice(PHONES)
    return traits


def _context(random: Random) -> Any:
    if random.random() < 0.4:
        return None
    context: dict[str, Any] = {}
    if random.random() < 0.5:
        context["traits"] = random.choice([_traits(random), None, "text", 3])
    if random.random() < 0.5:
        keys = random.sample(["ad_user_data", "ad_personalization"], random.randrange(1, 3))
        context["consent"] = {key: random.choice(CONSENTS) for key in keys}
    if random.random() < 0.2:
        context["gpc"] = random.choice([True, True, False, None, "true", 1])
    return context
