"""Random audiences for the benchmarks, of three to five conditions each."""

from __future__ import annotations

import random
from typing import Any

WINDOWS = (7, 14, 30, 90)
NAMES = (
    "Page Viewed", "Product Viewed", "Searched", "Product Added", "Checkout Started", "Order Completed",
    "Signed In", "Signed Up", "Shared", "Email Opened", "Email Clicked", "Order Refunded", "Wished",
    "Reviewed", "App Opened", "Video Played", "Asked Support", "Subscribed", "Unsubscribed", "Downloaded",
)  # fmt: skip
FILTERS: tuple[list[dict[str, Any]], ...] = (
    [],
    [],
    [],
    [{"property": "amount", "gt": 50}],
    [{"property": "amount", "gt": 150}],
    [{"property": "category", "is": "cat3"}],
    [{"property": "category", "in": ["cat1", "cat2", "cat7"]}],
    [{"property": "country", "is": "US"}],
    [{"property": "country", "is": "DE"}, {"property": "amount", "gt": 20}],
)


def audiences(number: int, direct: float) -> dict[str, dict[str, Any]]:
    """Random audiences of three to five conditions: counts of windows, some never, some traits.

    Args:
        number: of them.
        direct: the share of conditions on events that ask for sums, days, sequences and occurrences.
    """
    pick, files = random.Random(5), {}
    for place in range(number):
        members = [_condition(pick, direct) for _ in range(pick.randint(3, 5))]
        shape = pick.choice(["all", "all", "any", "nested"])
        match = (
            {"any": [{"all": members[:2]}, {"all": members[2:]}]} if shape == "nested" else {shape: members}
        )
        files[f"a{place:03d}"] = {"match": match}
    return files


def _condition(pick: random.Random, direct: float) -> dict[str, Any]:
    kind = pick.random()
    if kind < 0.12:
        return pick.choice(
            (
                {"trait": "subscriber", "is": True},
                {"trait": "vip", "is": True},
                {"trait": "subscriber", "is_not": True},
            )
        )
    event: dict[str, Any] = {
        "event": NAMES[int(20 * pick.random() ** 1.6)],
        "within": f"{pick.choice(WINDOWS)} days",
        "count": "= 0" if kind < 0.24 else f">= {pick.choice((1, 1, 2, 3, 5))}",
    }
    where = pick.choice(FILTERS)
    if direct and pick.random() < direct:
        return _direct(pick, event["event"], event["within"])
    return {**event, "where": where} if where else event


def _direct(pick: random.Random, event: str, within: str) -> dict[str, Any]:
    aggregate = pick.choice(("sum", "avg", "max"))
    return pick.choice(
        (
            {
                "event": event,
                "within": within,
                aggregate: {"property": "amount", "gte": pick.choice((100, 180))},
            },
            {"event": event, "within": within, "distinct_days": f">= {pick.choice((2, 3, 5))}"},
            {"event": event, "within": within, "occurrence": pick.choice(("first", "last"))},
            {"sequence": [{"event": event}, {"event": pick.choice(NAMES)}], "within": within},
        )
    )
