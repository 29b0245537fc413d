"""Undoes a link, or brings it back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from segmentloom_sync import terminal
from segmentloom_sync.errors import ConfigError, SegmentloomError
from segmentloom_sync.identity.built import require_built
from segmentloom_sync.identity.decisions import OVERRIDES, Action, Decision, latest_decision, record
from segmentloom_sync.identity.find_profile import NEEDED as FINDING
from segmentloom_sync.identity.links import KEPT, LINKS, REFUSED
from segmentloom_sync.identity.outcome import Before, Change, before_its_run, outcome
from segmentloom_sync.identity.pair import named_link
from segmentloom_sync.identity.refusals import refusals
from segmentloom_sync.identity.sides import profiles_of
from segmentloom_sync.identity.state import PROFILE_TABLES, PROGRESS, tables_behind
from segmentloom_sync.warehouse.base import Warehouse

NEEDED = (*FINDING, LINKS, KEPT, REFUSED, OVERRIDES, PROGRESS)

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
        is_half_built = _is_half_built(warehouse, before.decision)
        is_open = before.decision is not None and before.decision.applied_run_id is None
        if rebuild is None or not (is_open or is_half_built):
            return outcome(warehouse, request.action, before)
        if is_half_built:
            before = before_its_run(warehouse, before)
    terminal.say(f"{_recorded(before, is_half_built=is_half_built)}; building what follows from it")
    rebuild()
    with connected() as warehouse:
        return outcome(warehouse, request.action, before)


def _is_half_built(warehouse: Warehouse, decision: Decision | None) -> bool:
    """Whether the identity map has taken the decision up, and what follows the map has not."""
    if decision is None or decision.applied_run_id is None:
        return False
    return bool(tables_behind(warehouse, PROFILE_TABLES))


def _recorded(before: Before, *, is_half_built: bool) -> str:
    if before.is_recorded:
        return "recorded"
    return f"recorded earlier, {'built in part' if is_half_built else 'not yet built'}"


def _words(option: str, text: str | None) -> str:
    if text is None or not text.strip():
        raise ConfigError(
            f"{option} is {'missing' if text is None else 'blank'}",
            hint=f"it is kept with the decision; such as {_EXAMPLES[option]}",
        )
    return text.strip()


def _decide(warehouse: Warehouse, request: Request) -> Before:
    """Write the decision, unless it holds already."""
    named = named_link(warehouse, request.first, request.second)
    link = named.link
    holding = latest_decision(warehouse, link.identifier, link.other)
    current: Action = holding.action if holding else "remerge"
    before = Before(
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
    record(warehouse, decision)
    return replace(before, decision=decision, is_recorded=True)
