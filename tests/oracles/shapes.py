"""Shapes of links that merge too much, or take long, in careless identity resolution."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from tests.oracles.events import Delivery
from tests.oracles.messy_events import START


def seen(number: int, prefix: str, load_id: str = "shapes", **fields: Any) -> Delivery:
    """An event some seconds after the start."""
    fields.setdefault("type", "identify")
    return Delivery(
        source_id="web",
        event_id=f"{prefix}{number}",
        occurred_at=START + timedelta(seconds=number),
        loaded_at=START + timedelta(days=1),
        load_id=load_id,
        line_number=number,
        **fields,
    )


def path(length: int, name: str = "path") -> list[Delivery]:
    """A chain of aliases in random order of time, the worst case for label propagation."""
    order = list(range(length))
    Random(3).shuffle(order)
    return [
        seen(moment, name, type="alias", previous_id=f"{name}{node}", user_id=f"{name}{node + 1}")
        for moment, node in enumerate(order)
    ]


def hub(devices: int, name: str = "hub") -> list[Delivery]:
    """One person on so many devices."""
    return [seen(n, name, user_id=name, anonymous_id=f"{name}-device-{n}") for n in range(devices)]


def device_of(users: int, name: str) -> list[Delivery]:
    """One device on which so many persons sign in, one after the other."""
    return [seen(n, name, user_id=f"{name}.{n}", anonymous_id=name) for n in range(users)]


def address_of(users: int, name: str) -> list[Delivery]:
    """One address that so many persons give, each on a device of their own."""
    return [
        seen(n, name, user_id=f"{name}.{n}", anonymous_id=f"{name}-device-{n}", email=f"{name}@example.com")
        for n in range(users)
    ]


def alias_chain(name: str) -> list[Delivery]:
    """A visitor who signs up, and whose account is renamed twice: told in the order of time."""
    return [
        seen(0, name, type="page", anonymous_id=f"{name}-visitor"),
        seen(1, name, type="alias", previous_id=f"{name}-visitor", user_id=f"{name}-1"),
        seen(2, name, type="alias", previous_id=f"{name}-1", user_id=f"{name}-2"),
        seen(3, name, type="alias", previous_id=f"{name}-2", user_id=f"{name}-3"),
        seen(4, name, user_id=f"{name}-3", email=f"{name}@example.com"),
    ]
