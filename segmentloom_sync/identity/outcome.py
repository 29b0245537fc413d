"""What followed from a decision on a link: what split or merged, or why nothing did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from segmentloom_sync.identity.decisions import Action, Decision, decision_of
from segmentloom_sync.identity.graph import profile_graph
from segmentloom_sync.identity.links import Link
from segmentloom_sync.identity.merges import Merge, merges_of_run
from segmentloom_sync.identity.refusals import Refusal
from segmentloom_sync.identity.sides import Ends, Side, audiences_of, profiles_of, sides
from segmentloom_sync.identity.state import PROFILE_TABLES, tables_behind
from segmentloom_sync.warehouse.base import Warehouse

Effect = Literal["split", "merged", "none"]
Reason = Literal["already", "refused", "bridged", "pending"]


@dataclass(frozen=True, slots=True)
class Change:
    """The answer of `identity unmerge` and `remerge`.

    Attributes:
        decision: the one that holds for the link now; None when there is none and none was needed.
        is_recorded: whether it was written now.
        profiles: those of the link's two ends as they are now.
        reason_none: why nothing split or merged. already: it was so; refused: a guard lets the link not count
            anyway; bridged: other links connect the two ends; pending: it is not built yet, or not all
            that follows from it.
        path: those other links.
        audiences: those that the next run recalculates for these profiles.
        merges: the rows of the audit that follow from it.
    """

    action: Action
    link: Link
    decision: Decision | None
    is_recorded: bool
    effect: Effect
    profiles: tuple[Side, ...] = ()
    reason_none: Reason | None = None
    refused_by: tuple[Refusal, ...] = ()
    path: tuple[Link, ...] = ()
    audiences: tuple[str, ...] = ()
    merges: tuple[Merge, ...] = ()

    def document(self) -> dict[str, Any]:
        """The keys of `--json`."""
        return {
            "action": self.action,
            "link": self.link.document(),
            "override_id": self.decision.override_id if self.decision else None,
            "recorded": self.is_recorded,
            "applied_run_id": self.decision.applied_run_id if self.decision else None,
            "effect": self.effect,
            "reason_none": self.reason_none,
            "profiles": [side.document() for side in self.profiles],
            "merges": [merge.document() for merge in self.merges],
            "audiences": list(self.audiences),
            "refused_by": [refusal.document() for refusal in self.refused_by],
            "path": [link.document() for link in self.path],
        }


@dataclass(frozen=True, slots=True)
class Before:
    """A link as a request finds it, its decision recorded."""

    link: Link
    decision: Decision | None
    is_recorded: bool
    profile_ids: Ends
    refused_by: tuple[Refusal, ...]


def outcome(warehouse: Warehouse, action: Action, before: Before) -> Change:
    """Compare the two ends' profiles with what they were before."""
    link = before.link
    decision = decision_of(warehouse, before.decision.override_id) if before.decision else None
    now = profiles_of(warehouse, link)
    change = Change(
        action=action,
        link=link,
        decision=decision,
        is_recorded=before.is_recorded,
        effect="none",
        profiles=sides(warehouse, now, before.profile_ids),
        refused_by=before.refused_by,
    )
    if _is_one(now) != _is_one(before.profile_ids):
        run_id = decision.applied_run_id if decision else None
        return replace(
            change,
            effect="merged" if _is_one(now) else "split",
            audiences=audiences_of(warehouse, now, before.profile_ids),
            merges=tuple(
                _between(merges_of_run(warehouse, run_id), now, before.profile_ids) if run_id else ()
            ),
        )
    path: list[Link] | None = None
    if _is_one(now):
        path = profile_graph(warehouse, now[0]).without(link).path(link.identifier, link.other)
    change = replace(change, path=tuple(path or ()))
    is_behind = bool(tables_behind(warehouse, PROFILE_TABLES))
    reason = _reason_none(change, before, are_one=_is_one(now), is_behind=is_behind)
    return replace(change, reason_none=reason)


def before_its_run(warehouse: Warehouse, before: Before) -> Before:
    """The same with the profiles that the two ends were in before the run that took the decision up.

    The identity map says so no more; the audit does.
    """
    run_id = before.decision.applied_run_id if before.decision else None
    for merge in merges_of_run(warehouse, run_id) if run_id else ():
        if merge.ends and set(merge.ends) == {before.link.identifier, before.link.other}:
            surviving, absorbed = merge.surviving_profile_id, merge.absorbed_profile_id
            if merge.kind == "split":
                return replace(before, profile_ids=(surviving, surviving))
            if merge.kind == "merge":
                return replace(before, profile_ids=(surviving, absorbed))
    return before


def _reason_none(change: Change, before: Before, *, are_one: bool, is_behind: bool) -> Reason:
    is_built = change.decision is not None and change.decision.applied_run_id is not None
    if is_built and is_behind:
        return "pending"
    if not change.is_recorded and change.decision == before.decision:
        return "already"
    if change.refused_by:
        return "refused"
    # Of a profile with more links than are followed the path may be missing.
    if change.path or (is_built and are_one and change.action == "unmerge"):
        return "bridged"
    return "already" if is_built else "pending"


def _between(merges: list[Merge], now: Ends, before: Ends) -> list[Merge]:
    """The rows that are about these profiles alone."""
    ids = {*now, *before}
    return [merge for merge in merges if {merge.surviving_profile_id, merge.absorbed_profile_id} <= ids]


def _is_one(ends: Ends) -> bool:
    return ends[0] == ends[1]
