"""What a sync of a previewed audience would send: the sync's own plan, run on members that are not published.

Needs no credentials and asks no platform: the class of the destination says how it hashes and what it
forgets, the sync's tables say which list it fills.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

from segmentloom_sync.audiences.definition import SyncSpec
from segmentloom_sync.audiences.known_names import destination_hint
from segmentloom_sync.audiences.preview_figures import DestinationCounts
from segmentloom_sync.destinations.base import Destination
from segmentloom_sync.destinations.registry import destination_type, destination_types
from segmentloom_sync.destinations.settings import DestinationSettings
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.settings import FILE, load_settings
from segmentloom_sync.sync.absent_tables import with_absent_tables
from segmentloom_sync.sync.lists import remembered_list
from segmentloom_sync.sync.plan import PlanCounts, delta, preview, wanted_by_type
from segmentloom_sync.sync.size_floor import floor_warning
from segmentloom_sync.sync.target import SyncTarget, consent_rule
from segmentloom_sync.warehouse.base import Statement, Warehouse

COUNT_BY_TYPE = """
select
    plan.identifier_type,
    sum(case when plan.is_wanted then 1 else 0 end) as wanted,
    sum(case when plan.action = 'add' then 1 else 0 end) as adds,
    sum(case when plan.action = 'remove' then 1 else 0 end) as removes
from ({plan}) as plan
group by 1
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """What segmentloom.yml says of a destination, as far as counting needs it."""

    type: str
    consent: Literal["granted", "denied", "from_profile"] = "from_profile"


def configured_choices(directory: Path, file: Path | None) -> dict[str, Choices]:
    """What segmentloom.yml says of each destination; nothing while there is none.

    Args:
        directory: the project's folder, where the file is by default.
        file: another file, which must be there.

    Raises:
        ConfigError: the file is wrong.
    """
    if file is None and not (directory / FILE).is_file():
        return {}
    settings = load_settings(directory, file)
    return {
        name: Choices(settings.type_of(name), settings.plain(name, "consent") or "from_profile")
        for name in settings.names
    }


class DestinationCounter:
    """Counts the syncs of one audience.

    Args:
        warehouse: an open connection; nothing is written.
        audience: the audience's name.
        now: the time of the plan.
        choices: by destination; one that is not configured yet is taken for the platform of its name.
        compares: False for members of another time than now: what lists hold says nothing of these.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        audience: str,
        now: datetime,
        choices: Mapping[str, Choices],
        *,
        compares: bool = True,
    ) -> None:
        self._warehouse = warehouse
        self._audience = audience
        self._now = now
        self._choices = choices
        self._compares = compares

    def question(self, spec: SyncSpec, members: Statement) -> Statement:
        """The query that counts one sync for a query of members.

        Raises:
            ConfigError: the destination is neither configured nor the name of a platform.
        """
        plan = self.plan(spec, members)
        return Statement(COUNT_BY_TYPE.format(plan=plan.sql), plan.parameters)

    def counts(self, spec: SyncSpec, rows: list[tuple[Any, ...]]) -> DestinationCounts:
        """What the rows of that query say."""
        wanted = {str(kind): int(number) for kind, number, _, _ in rows}
        identifiers: dict[str, int] = {kind: wanted.get(kind, 0) for kind in spec.identifiers}
        if not self._compares:
            return DestinationCounts(spec.destination, identifiers, adds=None, removes=None)
        warning = floor_warning(self.target(spec), sum(wanted.values()), is_bound=len(spec.identifiers) > 1)
        return DestinationCounts(
            destination=spec.destination,
            identifiers=identifiers,
            adds=sum(int(adds) for _, _, adds, _ in rows),
            removes=sum(int(removes) for _, _, _, removes in rows),
            warnings=(warning,) if warning else (),
        )

    def plan(self, spec: SyncSpec, members: Statement) -> Statement:
        """The query of one sync's plan; see `segmentloom_sync.sync.plan.delta`.

        Raises:
            ConfigError: the destination is neither configured nor the name of a platform.
        """
        target = self.target(spec)
        return delta(self._tables, target, self._list_id(target), self._now, members)

    def plan_counts(self, spec: SyncSpec, members: Statement) -> PlanCounts:
        """The size of one sync, as the guards look at it.

        Raises:
            ConfigError: the destination is neither configured nor the name of a platform.
        """
        target = self.target(spec)
        return preview(self._tables, target, self._list_id(target), self._now, members)

    def wanted(self, spec: SyncSpec, members: Statement) -> dict[str, int]:
        """How many identifiers of each kind one sync would have the list hold.

        Raises:
            ConfigError: the destination is neither configured nor the name of a platform.
        """
        return wanted_by_type(self._tables, self.target(spec), self._now, members)

    def target(self, spec: SyncSpec) -> SyncTarget:
        """The list, with the rules of its destination.

        Raises:
            ConfigError: the destination is neither configured nor the name of a platform.
        """
        choices = self._choices.get(spec.destination, Choices(spec.destination))
        if spec.destination not in self._choices and choices.type not in destination_types():
            # Without this the name would be called a type, which nobody wrote.
            known = self._choices or destination_types()
            raise ConfigError(
                f"there is no destination '{spec.destination}'",
                hint=destination_hint(spec.destination, known),
            )
        # The plan reads only what the class itself says; an instance would want credentials.
        destination = cast(Destination, destination_type(choices.type))
        return SyncTarget(
            audience=self._audience,
            destination_name=spec.destination,
            destination=destination,
            list_name=spec.list_name,
            identifier_types=tuple(spec.identifiers),
            consent_rule=consent_rule(destination, cast(DestinationSettings, choices)),
        )

    @cached_property
    def _tables(self) -> Warehouse:
        return with_absent_tables(self._warehouse)

    def _list_id(self, target: SyncTarget) -> str | None:
        known = remembered_list(self._tables, target)
        return known.id if known else None
