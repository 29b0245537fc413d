"""Compares a list with what its platform says of it, and has sent anew what the platform has lost.

Platforms count users who match, blurred, late and not below some size, so that a size is no proof by itself.
Only what these cannot explain counts as drift: a platform that says that the members are gone, more users
than identifiers were sent, and fewer than it counted before less those who were removed since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from segmentloom_sync.destinations.base import MatchRate
from segmentloom_sync.destinations.list_state import ListState, ReportsListState
from segmentloom_sync.destinations.replaces_members import ReplacesMembers
from segmentloom_sync.sync import match_rates
from segmentloom_sync.sync.reconciliation import LOOK, Reconciliation
from segmentloom_sync.sync.replacement import last_removal, under_way
from segmentloom_sync.sync.retry import Attempts
from segmentloom_sync.sync.session import SyncSession

BLUR = 0.1
"""The part of a size that rounding may explain."""
STEP = 100
"""And the number of users, however small the list: platforms count in steps."""
UNCOUNTED = 1_000
"""Below this a size may be hidden."""
LATE = timedelta(hours=48)
"""How long a size may lag behind what was sent."""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def reconcile(session: SyncSession, attempts: Attempts) -> Reconciliation:
    """Ask the platform, compare, and mark as sent without an answer what the platform has lost.

    What is marked so is sent again by the plan that follows: additions are safe to repeat.

    Raises:
        DestinationMissing: the list is gone.
        Unavailable, CredentialsError, ...: as the destination raises them.
    """
    state = attempts.call(lambda: _state(session))
    [(held,)] = session.rows(_HELD)
    found = Reconciliation(state.status, bounds(state.size), int(held))
    earlier = _earlier_size(session)
    repairable = (
        f"the platform no longer has the members (status {state.status})"
        if state.condition == "lost"
        else _unexplained_fall(state, earlier, found.identifiers)
    )
    if state.condition == "closed":
        found.unrepaired.append(f"the list takes no members (status {state.status}): look at it there")
    elif repairable:
        found.drift.append(repairable)
        found.sent_anew = _send_anew(session)
    if found.size and found.size[0] > found.identifiers * (1 + BLUR) + STEP:
        sent = "1 identifier was" if found.identifiers == 1 else f"{found.identifiers:,} identifiers were"
        found.unrepaired.append(
            f"the platform counts at least {found.size[0]:,.0f} users, and only {sent} sent: "
            "somebody else adds to the list"
        )
        found.remedy = _remedy(session)
    found.drift += found.unrepaired
    found.unreadable = _unreadable(session, state)
    if state.size is not None:
        match_rates.store(
            session.warehouse, session.clock, session.target, session.audience_list, [state.size]
        )
    return found


def bounds(size: MatchRate | None) -> tuple[float, float] | None:
    """A size as its lower and upper bound."""
    if size is None:
        return None
    if size.matched is not None:
        return float(size.matched), float(size.matched)
    return (size.lower or 0.0, size.upper) if size.upper is not None else None


def _state(session: SyncSession) -> ListState:
    destination = session.target.destination
    known = session.audience_list
    if isinstance(destination, ReportsListState):
        return destination.list_state(known)
    destination.match_rates(known)  # says whether it is gone, and nothing else that can be compared
    return ListState(None, is_size_readable=False)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What the platform counted before, and how many were removed since."""

    lower: float
    at: datetime
    removed: int


def _earlier_size(session: SyncSession) -> _Earlier | None:
    rates = session.warehouse.relation("match_rates", "sync")
    runs = session.warehouse.relation("runs", "sync")
    removed_at = last_removal(session)  # of people who were not ours: sizes fell by an unknown number
    rows = session.rows(
        _EARLIER, {"rates": rates}, comparable_since=removed_at + LATE if removed_at else _EVER
    )
    if not rows:
        return None
    [(lower, at)] = rows
    [(removed,)] = session.rows(_REMOVED_SINCE, {"runs": runs}, since=at - LATE)
    return _Earlier(float(lower), at, int(removed or 0))


def _unexplained_fall(state: ListState, earlier: _Earlier | None, identifiers: int) -> str | None:
    if earlier is None or not state.is_size_readable:
        return None
    size = bounds(state.size)
    upper = size[1] if size else float(UNCOUNTED)
    expected = min(earlier.lower - earlier.removed, float(identifiers))
    if upper >= expected * (1 - BLUR) - STEP:
        return None
    counts = f"at most {size[1]:,.0f} users" if size else "no users"
    return (
        f"the platform counts {counts}, and counted at least {earlier.lower:,.0f} on {earlier.at:%Y-%m-%d}: "
        "somebody else removes from the list"
    )


def _remedy(session: SyncSession) -> str:
    """What removes people whom somebody else has added."""
    known = under_way(session)
    if known is not None:
        return f"a replacement is under way: {known}"
    if isinstance(session.target.destination, ReplacesMembers):
        return (
            f"segmentloom-sync run {session.target.audience} --replace --by YOUR_NAME sends everybody anew "
            "and has the others removed"
        )
    return LOOK


def _send_anew(session: SyncSession) -> int:
    [(accepted,)] = session.rows(_ACCEPTED)
    session.apply([session.statement(_FORGET_ACCEPTANCE)])
    return int(accepted)


def _unreadable(session: SyncSession, state: ListState) -> list[str]:
    found = ["who is on the list"]  # no platform tells
    if state.status is None:
        found.append("its status")
    if not state.is_size_readable:
        found.append("its size")
    elif state.size is None:
        found.append("its size for now, which the platform hides while it is small or not counted")
    return found


_HELD = """
select count(*) as held
from {ledger}
where
    destination = :destination
    and list_id = :list_id
    and not (state = 'rejected' and not may_hold)
"""

_ACCEPTED = """
select count(*) as accepted
from {ledger}
where
    destination = :destination
    and list_id = :list_id
    and state = 'accepted'
"""

# As after a call whose answer was lost: the list may hold them, and they are added again.
_FORGET_ACCEPTANCE = """
update {ledger}
set
    state = 'sent',
    updated_at = :now,
    fencing_token = :token
where
    destination = :destination
    and list_id = :list_id
    and state = 'accepted'
    and {lease}
"""

# Sizes of the whole list only: shares and what one request matched are none.
_EARLIER = """
select
    coalesce(rates.lower_bound, rates.matched) as smallest,
    rates.observed_at
from {rates} as rates
where
    rates.destination = :destination
    and rates.list_id = :list_id
    and (rates.kind = 'bounds' or (rates.kind = 'counts' and rates.submitted is null))
    and rates.request_id = ''
    and rates.observed_at >= :comparable_since
order by rates.observed_at desc
limit 1
"""

_REMOVED_SINCE = """
select sum(runs.removes) as removed
from {runs} as runs
where
    runs.destination = :destination
    and runs.list_id = :list_id
    and runs.finished_at >= :since
"""
