"""Who an audience would have now, counted in the warehouse without building or writing anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segmentloom_sync.audiences.definition import SyncSpec
from segmentloom_sync.audiences.describe import condition_text
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.warehouse.base import Statement, Warehouse

if TYPE_CHECKING:
    from segmentloom_sync.project import Project

NEEDED = ("profiles", "int_segmentloom__profile_events")


@dataclass(frozen=True, slots=True)
class ConditionCount:
    """A leaf condition and how many profiles it alone holds for."""

    condition: str
    members: int


@dataclass(frozen=True, slots=True)
class DestinationCounts:
    """What one sync of the audience would have and change, in identifiers."""

    destination: str
    identifiers: Mapping[str, int]
    adds: int
    removes: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The numbers of an audience at a time."""

    audience: str
    members: int
    as_of: datetime
    conditions: tuple[ConditionCount, ...]
    by_destination: tuple[DestinationCounts, ...]

    def document(self) -> dict[str, Any]:
        """The keys of `preview --json`."""
        return {
            "audience": self.audience,
            "members": self.members,
            "as_of": _iso(self.as_of),
            "conditions": [
                {"condition": count.condition, "members": count.members} for count in self.conditions
            ],
            "by_destination": [
                {
                    "destination": counts.destination,
                    "identifiers": dict(counts.identifiers),
                    "adds": counts.adds,
                    "removes": counts.removes,
                }
                for counts in self.by_destination
            ],
        }


CountDestination = Callable[[SyncSpec, Statement], DestinationCounts]
"""Counts what a sync would send for a query of members."""


class Previewer:
    """Counts audiences of one project in its warehouse.

    Args:
        project: gives the macros.
        warehouse: an open connection; nothing is written through it.
        audiences: by name, for audiences that use others: those are counted from their files as they are now.
        as_of: the end of all windows.

    Raises:
        ConfigError: the warehouse does not have the events and profiles yet.
    """

    def __init__(
        self, project: Project, warehouse: Warehouse, audiences: Mapping[str, Audience], as_of: datetime
    ) -> None:
        missing = [name for name in NEEDED if not warehouse.exists(name)]
        if missing:
            raise ConfigError(
                f"the schema {warehouse.schema} has no {' and no '.join(missing)} yet",
                hint="build them with `dbt build`",
            )
        self._warehouse = warehouse
        self._audiences = audiences
        self._as_of = as_of
        self._macros = MacroRenderer(
            project,
            warehouse,
            variables={"segmentloom_as_of": _iso(as_of)},
            references=self._inlined,
        )

    def preview(self, audience: Audience, count_destination: CountDestination | None = None) -> Preview:
        """Count an audience, its leaf conditions, and its syncs when there is a way to count them."""
        sql = self._macros.render("audience_preview", audience.definition)
        [(members, *leaves)] = self._warehouse.rows(sql)
        texts = [condition_text(steps, leaf) for steps, leaf in audience.file.leaves()]
        query = self.members(audience)
        return Preview(
            audience=audience.name,
            members=int(members),
            as_of=self._as_of,
            conditions=tuple(
                ConditionCount(text, int(number)) for text, number in zip(texts, leaves, strict=True)
            ),
            by_destination=tuple(count_destination(spec, query) for spec in audience.sync)
            if count_destination
            else (),
        )

    def members(self, audience: Audience) -> Statement:
        """A query of the profile ids in an audience."""
        sql = self._macros.render("audience", audience.definition)
        return Statement(f"select members.profile_id from (\n{sql}\n) as members")

    def _inlined(self, model: str) -> str | None:
        """Another audience as a subquery, so that it need not have been built."""
        name = model.removeprefix("audience_")
        if name == model:
            return None
        if name not in self._audiences:
            raise ConfigError(f"the audience {name} is not there or its file is wrong")
        return f"(\n{self._macros.render('audience', self._audiences[name].definition)}\n)"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
