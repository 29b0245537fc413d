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
    rows = warehouse.rows(
        f"""
        select
            lists.destination,
            lists.list_name,
            max(lists.audience) as audience
        from {warehouse.relation("lists", "sync")} as lists
        inner join {warehouse.relation("ledger", "sync")} as ledger
            on
                lists.destination = ledger.destination
                and lists.list_id = ledger.list_id
        group by 1, 2
        order by 1, 2
        """
    )
    known = frozenset(followed)
    return [
        UnfollowedList(str(audience), str(destination), str(name))
        for destination, name, audience in rows
        if (destination, name) not in known
    ]


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
