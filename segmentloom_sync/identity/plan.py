"""What other limits, another block list or changed rules would do to profiles, audiences and lists.

Events and identity are built a second time, by the same dbt models, from what the live ones have read; then
the two are compared. So the answer is exact, and nothing live is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from segmentloom_sync import terminal
from segmentloom_sync.audiences.evaluation import NEEDED as FOR_AUDIENCES
from segmentloom_sync.audiences.library import Audience, load_audiences
from segmentloom_sync.audiences.preview_destinations import Choices, configured_choices
from segmentloom_sync.destinations.registry import destination_type
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.conflicts import CONFLICTS
from segmentloom_sync.identity.planned_audiences import AudienceChange, AudienceComparison, DestinationChange
from segmentloom_sync.identity.planned_blocks import Blocked
from segmentloom_sync.identity.planned_conflicts import ConflictChange, conflict_changes
from segmentloom_sync.identity.planned_profiles import ProfileChanges, profile_changes
from segmentloom_sync.identity.state import PROGRESS, pending_decisions, tables_behind
from segmentloom_sync.project import Project
from segmentloom_sync.shadow.build import NEEDED, ShadowRules, shadow
from segmentloom_sync.warehouse.base import Warehouse

LIMITS: Final = ("max_users_per_email", "max_users_per_device", "max_identifiers_per_profile")
LISTED: Final = 10
"""How many merges, splits and renames are listed when no more are asked for."""

_NEEDED: Final = (*dict.fromkeys((*NEEDED, *FOR_AUDIENCES, CONFLICTS, PROGRESS, "hashed_identifiers")),)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to try out; of everything else the project's files decide.

    Attributes:
        limits: by the names of `LIMITS`.
        blocks: to block beside what the list holds. Personal data.
        seed: rows to use in place of the project's list; None for its own. Personal data.
    """

    limits: Mapping[str, int] = field(default_factory=dict)
    blocks: Sequence[Blocked] = field(default=(), repr=False)
    seed: Sequence[Blocked] | None = field(default=None, repr=False)

    def rules(self) -> ShadowRules:
        """The same for the shadow."""
        return ShadowRules(
            variables={f"segmentloom_{name}": limit for name, limit in self.limits.items()},
            blocked=[*(self.seed or ()), *self.blocks],
            block_kind="replace" if self.seed is not None else "add" if self.blocks else None,
        )

    def document(self) -> dict[str, Any]:
        """Its part of `--json`: no values of identifiers."""
        return {
            **self.limits,
            **({"blocks": len(self.blocks)} if self.blocks else {}),
            **({"seed_rows": len(self.seed)} if self.seed is not None else {}),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer."""

    proposal: Proposal
    profiles: ProfileChanges
    conflicts: Sequence[ConflictChange]
    audiences: Sequence[AudienceChange]
    destinations: Sequence[DestinationChange]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return (
            self.profiles.is_empty
            and not self.conflicts
            and all(change.is_empty for change in self.audiences)
            and all(change.is_empty for change in self.destinations)
        )

    def document(self) -> dict[str, Any]:
        """The keys of `identity plan --json`."""
        return {
            "proposal": self.proposal.document(),
            "changes": not self.is_empty,
            **self.profiles.document(),
            "conflicts": [change.document() for change in self.conflicts],
            "audiences": [change.document() for change in self.audiences],
            "destinations": [change.document() for change in self.destinations],
        }


def make_plan(
    project: Project, proposal: Proposal, *, config: Path | None, as_of: datetime, show: int = 0
) -> Plan:
    """Build the shadow, compare, and drop it.

    Args:
        config: the destinations file; None for the project's, if it has one.
        as_of: the end of the audiences' windows.
        show: how many merges, splits and renames get examples of identifiers.

    Raises:
        ConfigError: the live relations were never built, or a setting or an audience's destination is wrong.
        DbtError: dbt failed; nothing live was changed.
        TryAgainLater: another process has the warehouse.
    """
    audiences = _audiences(project)
    choices = configured_choices(project.directory, config)
    _check_destinations(audiences, choices)
    with shadow(project, proposal.rules(), _NEEDED) as warehouse:
        _warn_of_what_is_pending(warehouse)
        with terminal.progress("comparing"):
            profiles = profile_changes(warehouse, max(LISTED, show), show)
            conflicts = conflict_changes(warehouse)
            comparison = AudienceComparison(project, warehouse, audiences, choices, as_of)
            members = [comparison.members(audience) for audience in audiences.values()]
            lists = [
                change for audience in audiences.values() for change in comparison.destinations(audience)
            ]
        return Plan(proposal, profiles, conflicts, members, lists)


def _warn_of_what_is_pending(warehouse: Warehouse) -> None:
    """What is not built yet comes on top of the change: the second build has taken it in."""
    behind, decisions = tables_behind(warehouse), pending_decisions(warehouse)
    if behind:
        terminal.warn(f"not built up to the latest events: {', '.join(behind)}; the plan shows that, too")
    if decisions:
        terminal.warn(f"decisions on links that are not applied yet: {decisions:,}; the plan shows them, too")


def _audiences(project: Project) -> dict[str, Audience]:
    audiences, problems = load_audiences(project)
    for problem in problems:
        terminal.warn(str(problem))
    return audiences


def _check_destinations(audiences: Mapping[str, Audience], choices: Mapping[str, Choices]) -> None:
    """Refuse a destination that nobody knows before minutes are spent on building.

    Raises:
        ConfigError: an audience names one.
    """
    for audience in audiences.values():
        for spec in audience.sync:
            name = spec.destination
            kind = choices[name].type if name in choices else name
            try:
                destination_type(kind)
            except ConfigError as error:
                raise ConfigError(f"{audience.path}: {error.message}", hint=error.hint) from None
