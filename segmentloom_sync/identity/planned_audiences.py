"""Who would enter and leave audiences, and what lists would hold, with the shadow in place of the live.

Both sides are counted from the audience files, at one time: nothing but the profiles makes a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentloom_sync.audiences.evaluation import Evaluation
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.preview_destinations import Choices, DestinationCounter
from segmentloom_sync.project import Project
from segmentloom_sync.shadow.view import shadowed
from segmentloom_sync.sync.guard import held_reason
from segmentloom_sync.warehouse.base import Statement, Warehouse

MEMBERS = """
select
    count(live.profile_id) as members_before,
    count(planned.profile_id) as members_after,
    sum(case when live.profile_id is null then 1 else 0 end) as added,
    sum(case when planned.profile_id is null then 1 else 0 end) as removed
from ({live}) as live
full outer join ({planned}) as planned on live.profile_id = planned.profile_id
"""

WANTED = """
select
    sum(case when live.identifier is null then 1 else 0 end) as added,
    sum(case when planned.identifier is null then 1 else 0 end) as removed
from (select identifier_type, identifier from ({live}) as plan where is_wanted) as live
full outer join (select identifier_type, identifier from ({planned}) as plan where is_wanted) as planned
    on
        live.identifier_type = planned.identifier_type
        and live.identifier = planned.identifier
"""


@dataclass(frozen=True, slots=True)
class AudienceChange:
    """The members of an audience, in profiles. A renamed one leaves, and enters under its new id."""

    audience: str
    before: int
    after: int
    added: int
    removed: int

    @property
    def is_empty(self) -> bool:
        """Whether it has the same members."""
        return not self.added and not self.removed

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "audience": self.audience,
            "before": self.before,
            "after": self.after,
            "added": self.added,
            "removed": self.removed,
        }


@dataclass(frozen=True, slots=True)
class DestinationChange:
    """What a list shall hold, in identifiers.

    Attributes:
        added, removed: what the change alone makes of it.
        adds, removes: what the next sync would send in all, with what is not sent yet anyway.
        held: why a guard would hold that, or None.
    """

    audience: str
    destination: str
    list_name: str
    added: int
    removed: int
    adds: int
    removes: int
    held: str | None

    @property
    def is_empty(self) -> bool:
        """Whether the list shall hold the same."""
        return not self.added and not self.removed

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "audience": self.audience,
            "destination": self.destination,
            "list": self.list_name,
            "added": self.added,
            "removed": self.removed,
            "adds": self.adds,
            "removes": self.removes,
            "held": self.held,
        }


class AudienceComparison:
    """Compares audiences of a project.

    Args:
        warehouse: a connection while there is a shadow.
        audiences: by name.
        choices: what segmentloom.yml says of destinations.
        as_of: the end of all windows, and the time of the syncs.
    """

    def __init__(
        self,
        project: Project,
        warehouse: Warehouse,
        audiences: Mapping[str, Audience],
        choices: Mapping[str, Choices],
        as_of: datetime,
    ) -> None:
        self._warehouse = warehouse
        self._choices = choices
        self._as_of = as_of
        self._live = Evaluation(project, warehouse, audiences, as_of)
        self._planned = Evaluation(project, shadowed(warehouse), audiences, as_of)

    def members(self, audience: Audience) -> AudienceChange:
        """Who would enter and leave."""
        live, planned = self._queries(audience)
        [(before, after, added, removed)] = self._warehouse.rows(
            MEMBERS.format(live=live.sql, planned=planned.sql)
        )
        return AudienceChange(audience.name, int(before), int(after), int(added or 0), int(removed or 0))

    def destinations(self, audience: Audience) -> Iterator[DestinationChange]:
        """What would become of each of its lists.

        Raises:
            ConfigError: a destination is neither configured nor the name of a platform.
        """
        live, planned = self._queries(audience)
        name = audience.name
        now = DestinationCounter(self._warehouse, name, self._as_of, self._choices)
        then = DestinationCounter(shadowed(self._warehouse), name, self._as_of, self._choices)
        for spec in audience.sync:
            one, other = now.plan(spec, live), then.plan(spec, planned)
            [(added, removed)] = self._warehouse.rows(
                WANTED.format(live=one.sql, planned=other.sql), **{**one.parameters, **other.parameters}
            )
            sync = then.plan_counts(spec, planned)
            yield DestinationChange(
                audience=name,
                destination=spec.destination,
                list_name=spec.list_name,
                added=int(added or 0),
                removed=int(removed or 0),
                adds=sync.adds,
                removes=sync.removes,
                held=held_reason(sync, float(audience.guard_max_removal_percent)),
            )

    def _queries(self, audience: Audience) -> tuple[Statement, Statement]:
        return self._live.members(audience), self._planned.members(audience)
