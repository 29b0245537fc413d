"""Wrong versions of what decisions about links do, and of which links merged profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest

from tests.oracles import identity, merges, relations
from tests.oracles.events import Delivery
from tests.oracles.identity import Identity, Link, Rules, event_links, stitch
from tests.oracles.messy_events import START
from tests.oracles.overrides import Override, suppressed_links

Mutant = Callable[[pytest.MonkeyPatch], None]


def _suppressed(wrong: Callable[[list[Override]], Iterable[Link]]) -> Mutant:
    return lambda patch: patch.setattr(
        relations, "suppressed_links", lambda overrides: frozenset(wrong(list(overrides)))
    )


def _latest(key: Callable[[Override], Any], order: Callable[[Override], Any]) -> Mutant:
    def wrong(overrides: list[Override]) -> Iterable[Link]:
        latest = {key(one): one for one in sorted(overrides, key=order)}
        return (one.link for one in latest.values() if one.action == "unmerge")

    return _suppressed(wrong)


def _before_the_guards(patch: pytest.MonkeyPatch) -> None:
    def wrong(events: Iterable[Delivery], rules: Rules, suppressed: frozenset[Link]) -> Identity:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(
                identity,
                "event_links",
                lambda *of: (one for one in event_links(*of) if one not in suppressed),
            )
            return stitch(events, rules, suppressed)

    patch.setattr(relations, "stitch", wrong)


def _by_time_alone(patch: pytest.MonkeyPatch) -> None:
    def wrong(known: Identity) -> Any:
        known.kept = {link: (order[0], "", "") for link, order in known.kept.items()}
        return merges.merge_causes(known)

    patch.setattr(relations, "merge_causes", wrong)


def _ends_by_name(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merges, "written", lambda link: tuple(sorted(link)))


DECISION_MUTANTS: dict[str, Mutant] = {
    "decisions are forgotten": _suppressed(lambda overrides: []),
    "a remerge is forgotten": _suppressed(
        lambda overrides: (one.link for one in overrides if one.action == "unmerge")
    ),
    "the first decision counts": _suppressed(
        lambda overrides: suppressed_links(_first_only(overrides)),
    ),
    "backdated decisions count": _suppressed(lambda overrides: suppressed_links(_as_they_came(overrides))),
    "ties of decisions are broken the other way": _suppressed(
        lambda overrides: suppressed_links(_reversed_ids(overrides))
    ),
    "a decision is about one direction": _latest(
        attrgetter("identifier", "other"), attrgetter("decided_at", "override_id")
    ),
    "links are suppressed before the guards look": _before_the_guards,
    "causes are the earliest by time alone": _by_time_alone,
    "causes are written by name": _ends_by_name,
}


def _first_only(overrides: list[Override]) -> Iterable[Override]:
    first: dict[Link, Override] = {}
    for one in sorted(overrides, key=attrgetter("decided_at", "override_id")):
        first.setdefault(one.link, one)
    return first.values()


def _as_they_came(overrides: list[Override]) -> Iterable[Override]:
    now = START + timedelta(days=4)
    return [replace(one, decided_at=now + timedelta(seconds=place)) for place, one in enumerate(overrides)]


def _reversed_ids(overrides: list[Override]) -> Iterable[Override]:
    return [replace(one, override_id=f"{2**64 - int(one.override_id, 16):020}") for one in overrides]
