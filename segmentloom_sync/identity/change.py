"""Undoes a link, or brings it back, and tells what followed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from segmentloom_sync import terminal
from segmentloom_sync.errors import ConfigError, SegmentloomError
from segmentloom_sync.identity.built import require_built
from segmentloom_sync.identity.decisions import (
    OVERRIDES,
    Action,
    Decision,
    decision_of,
    latest_decision,
    record,
)
from segmentloom_sync.identity.find_profile import NEEDED as FINDING
from segmentloom_sync.identity.graph import profile_graph
from segmentloom_sync.identity.links import KEPT, LINKS, REFUSED, Link, Refusal, refusals
from segmentloom_sync.identity.merges import MERGES, Merge, merges_of_run
from segmentloom_sync.identity.pair import named_link
from segmentloom_sync.identity.sides import Ends, Side, audiences_of, profiles_of, sides
from segmentloom_sync.warehouse.base import Warehouse

NEEDED = (*FINDING, MERGES, LINKS, KEPT, REFUSED, OVERRIDES)

Effect = Literal["split", "merged", "none"]
Reason = Literal["already", "refused", "bridged", "pending"]

_EXAMPLES = {"--reason": '--reason "two people share the address"', "--by": "--by ann"}

Open = Callable[[], AbstractContextManager[Warehouse]]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for.

    Attributes:
        first: a merge id, or an identifier.
        second: the other identifier.
    """

    action: Action
    first: str
    second: str | None
    reason: str
    requested_by: str

    @classmethod
    def checked(
        cls, action: Action, first: str, second: str | None, *, reason: str | None, by: str | None
    ) -> Request:
        """A request with its words.

        Raises:
            ConfigError: who or why is missing or blank.
        """
        return cls(action, first, second, reason=_words("--reason", reason), requested_by=_words("--by", by))


@dataclass(frozen=True, slots=True)
class Change:
    """The answer of `identity unmerge` and `remerge`.

    Attributes:
        decision: the one that holds for the link now; None when there is none and none was needed.
        is_recorded: whether it was written now.
        profiles: those of the link's two ends as they are now.
        reason_none: why nothing split or merged. already: it was so; refused: a guard lets the link not count
            anyway; bridged: other links connect the two ends; pending: nothing was built yet.
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
class _Before:
    link: Link
    decision: Decision | None
    is_recorded: bool
    profile_ids: Ends
    refused_by: tuple[Refusal, ...]


def change_link(request: Request, connected: Open, rebuild: Callable[[], None] | None) -> Change:
    """Record the decision and let dbt take it up.

    Args:
        connected: opens the warehouse.
        rebuild: runs dbt; None to record only.

    Raises:
        ConfigError: the arguments name no link; nothing was written.
        DbtError: dbt failed; the decision stays recorded.
    """
    with connected() as warehouse:
        require_built(warehouse, NEEDED)
        before = _decide(warehouse, request)
        is_open = before.decision is not None and before.decision.applied_run_id is None
        if not is_open or rebuild is None:
            return _outcome(warehouse, request.action, before)
    terminal.say(
        f"{'recorded' if before.is_recorded else 'recorded earlier, not yet built'}; "
        "building what follows from it"
    )
    rebuild()
    with connected() as warehouse:
        return _outcome(warehouse, request.action, before)


def _words(option: str, text: str | None) -> str:
    if text is None or not text.strip():
        raise ConfigError(
            f"{option} is {'missing' if text is None else 'blank'}",
            hint=f"it is kept with the decision; such as {_EXAMPLES[option]}",
        )
    return text.strip()


def _decide(warehouse: Warehouse, request: Request) -> _Before:
    """Write the decision, unless it holds already."""
    named = named_link(warehouse, request.first, request.second)
    link = named.link
    holding = latest_decision(warehouse, link.identifier, link.other)
    current: Action = holding.action if holding else "remerge"
    before = _Before(
        link=link,
        decision=holding,
        is_recorded=False,
        profile_ids=profiles_of(warehouse, link),
        refused_by=tuple(refusals(warehouse, link)),
    )
    if current == request.action:
        return before
    now = datetime.now(UTC)
    if holding is not None and holding.decided_at >= now:
        raise SegmentloomError(
            "the link's last decision is later than this machine's clock",
            hint="set the clock right; the latest decision counts",
        )
    decision = Decision(
        override_id=uuid.uuid4().hex,
        decided_at=now,
        action=request.action,
        identifier=link.identifier,
        other=link.other,
        reason=request.reason,
        requested_by=request.requested_by,
        merge_id=named.merge_id,
    )
    record(warehouse, [decision])
    return replace(before, decision=decision, is_recorded=True)


def _outcome(warehouse: Warehouse, action: Action, before: _Before) -> Change:
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
    return replace(change, reason_none=_reason_none(change, before, are_one=_is_one(now)))


def _reason_none(change: Change, before: _Before, *, are_one: bool) -> Reason:
    if not change.is_recorded and change.decision == before.decision:
        return "already"
    if change.refused_by:
        return "refused"
    is_built = change.decision is not None and change.decision.applied_run_id is not None
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
