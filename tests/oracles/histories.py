"""Event sets and decisions in the order in which builds get to see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from random import Random

from tests.oracles.events import Delivery
from tests.oracles.identity import Identity, Link
from tests.oracles.messy_events import START
from tests.oracles.overrides import Override, suppressed_links

CONTRARY = {"unmerge": "remerge", "remerge": "unmerge"}


def in_builds(deliveries: Iterable[Delivery], builds: int, random: Random) -> list[list[Delivery]]:
    """Give each load to one build by chance. A load is atomic: a build sees all of it or nothing."""
    parts: list[list[Delivery]] = [[] for _ in range(builds)]
    build_of: dict[str, int] = {}
    for delivery in deliveries:
        build = build_of.setdefault(delivery.load_id, random.randrange(builds))
        parts[build].append(delivery)
    return parts


def decisions(
    identity: Identity, so_far: Sequence[Override], links: Sequence[Link], count: int, random: Random
) -> list[Override]:
    """Unmerges of links and remerges of suppressed ones; some twice, some of them contrary, some backdated.

    `identity` is what the warehouse has now: most decisions are about links that join something in it, others
    about any of `links`.
    """
    joining = sorted(identity.kept, key=sorted)
    suppressed = sorted(suppressed_links(so_far), key=sorted)
    chosen = [("unmerge", link) for link in random.sample(joining, min(len(joining), count))]
    chosen += [("unmerge", link) for link in random.sample(links, min(len(links), count // 4))]
    chosen += [("remerge", link) for link in random.sample(suppressed, len(suppressed) // 2)]
    chosen += [
        (random.choice([action, CONTRARY[action]]), link)
        for action, link in random.sample(chosen, len(chosen) // 4)
    ]
    return [_decision(len(so_far) if random.random() < 0.9 else 0, *one, random) for one in chosen]


def unmerges(identity: Identity, count: int, random: Random) -> list[Override]:
    """Unmerges of links that join something, later than all decisions but `opposites`."""
    joining = sorted(identity.kept, key=sorted)
    return [_decision(9_000, "unmerge", link, random) for link in random.sample(joining, count)]


def opposites(overrides: Iterable[Override], random: Random) -> list[Override]:
    """Take back each of the decisions, later than all others."""
    return [_decision(10_000, CONTRARY[one.action], one.link, random) for one in overrides]


def _decision(seconds: int, action: str, link: Link, random: Random) -> Override:
    identifier, other = random.sample(sorted(link), 2)
    return Override(
        override_id=f"{random.getrandbits(64):016x}",
        decided_at=START + timedelta(days=2, seconds=seconds),
        action=action,
        identifier=identifier,
        other=other,
    )
