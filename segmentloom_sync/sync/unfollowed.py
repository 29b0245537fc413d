"""Lists that no audience fills any more: whoever opts out must leave them all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.problems import Problem, with_causes
from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.settings import ConfiguredDestination
from segmentloom_sync.sync.target import SyncTarget, consent_rule
from segmentloom_sync.warehouse.base import Warehouse


class Destinations(Protocol):
    """The destinations of segmentloom.yml."""

    def destinations(self, names: Iterable[str], *, clock: Clock) -> Mapping[str, ConfiguredDestination]:
        """Those of some names, as `Settings.destinations`."""
        ...


@dataclass(frozen=True, slots=True)
class UnfollowedList:
    """A list that was filled once, by an audience or an entry under `sync` that is gone or broken."""

    audience: str
    destination_name: str
    list_name: str

    @property
    def place(self) -> tuple[str, str]:
        """What tells it from other lists."""
        return self.destination_name, self.list_name

    @property
    def warning(self) -> str:
        """What a person should know."""
        return (
            f"no audience fills the list '{self.list_name}' at {self.destination_name} any more: "
            "only opt-outs are removed from it; delete it there if it is not needed"
        )


def unfollowed_warning(entry: UnfollowedList, problems: Sequence[Problem]) -> str:
    """What a person should know of such a list: nobody is told to delete one that a wrong file may fill.

    Args:
        problems: what is wrong with audience files.
    """
    own = {problem.path for problem in problems if PurePosixPath(problem.path).stem == entry.audience}
    causes = {problem for path in own for problem in with_causes(problems, path)}
    files = ", ".join(sorted({problem.path for problem in causes or problems if not problem.follows}))
    if not files:
        return entry.warning
    if own:
        return (
            f"the list '{entry.list_name}' at {entry.destination_name} is held back with {min(own)}: "
            f"only opt-outs are removed from it until this is right: {files}"
        )
    return (
        f"no audience whose file is right fills the list '{entry.list_name}' at {entry.destination_name}: "
        f"only opt-outs are removed from it until this is right, which may fill it: {files}"
    )


def followed_lists(audiences: Iterable[Audience]) -> frozenset[tuple[str, str]]:
    """Destination and name of each list that the audience files name."""
    return frozenset((spec.destination, spec.list_name) for audience in audiences for spec in audience.sync)


def unfollowed_lists(warehouse: Warehouse, followed: Iterable[tuple[str, str]]) -> list[UnfollowedList]:
    """The remembered lists that may hold somebody and that the audience files do not name."""
    if not warehouse.exists("lists", "sync"):
        return []
    known = frozenset(followed)
    lists = warehouse.rows(
        f"""
        select
            destination,
            list_name,
            list_id,
            max(audience) as audience
        from {warehouse.relation("lists", "sync")}
        group by 1, 2, 3
        order by 1, 2, 3
        """
    )
    audiences: dict[tuple[str, str], str] = {}
    for destination, name, list_id, audience in lists:
        if (destination, name) not in known and _holds_anybody(warehouse, destination, list_id):
            audiences[destination, name] = max(audience, audiences.get((destination, name), ""))
    return [UnfollowedList(audience, *place) for place, audience in audiences.items()]


def _holds_anybody(warehouse: Warehouse, destination: str, list_id: str) -> bool:
    """Whether a list has rows in the ledger: asked of each by itself, as there are few such lists."""
    ledger = warehouse.relation("ledger", "sync")
    rows = warehouse.rows(
        f"select 1 from {ledger} where destination = :destination and list_id = :list_id limit 1",
        destination=destination,
        list_id=list_id,
    )
    return bool(rows)


def unfollowed_target(entry: UnfollowedList, settings: Destinations, clock: Clock) -> SyncTarget:
    """The list as a target.

    Raises:
        ConfigError: its destination is not configured, or wrongly.
    """
    configured = settings.destinations([entry.destination_name], clock=clock)[entry.destination_name]
    return SyncTarget(
        audience=entry.audience,
        destination_name=entry.destination_name,
        destination=configured.destination,
        list_name=entry.list_name,
        identifier_types=configured.destination.identifier_types,
        consent_rule=consent_rule(configured.destination, configured.settings),
        max_retries=configured.settings.max_retries,
        poll_after=configured.settings.poll_after,
        is_followed=False,
    )
