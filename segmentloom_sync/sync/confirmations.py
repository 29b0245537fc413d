"""Asks about requests that a platform took without saying what became of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from segmentloom_sync.destinations.base import RequestStatus
from segmentloom_sync.errors import DestinationMissing, PutOff, Rejected, Unavailable
from segmentloom_sync.sync import match_rates
from segmentloom_sync.sync.plan import UNCONFIRMED
from segmentloom_sync.sync.retry import Attempts
from segmentloom_sync.sync.session import SyncSession

LONGEST_PAUSE = timedelta(minutes=60)
PAUSE_GROWTH = 0.3
"""Between two questions a third of the request's age passes, at most an hour, as Google recommends."""
UNEXPLAINED_FAILURES = 3
"""The one in a row from which on a failure without a reason is taken for a lasting one."""


def confirm_requests(
    session: SyncSession, attempts: Attempts, refused: Counter[str], *, at_once: bool = False
) -> None:
    """Ask about each open request whose time has come, and write what the answers mean for the ledger.

    A confirmed removal takes its rows out of the ledger. A request that failed, in whole or in part, is sent
    again, and so is an addition that got no answer. Where the reason does not pass, or none was told for the
    third time, it is sent in batches of half its members (see `plan.delta`), until each member that fails has
    a request of its own: an addition is rejected then, a removal is sent by itself with each run.
    A platform that cannot be reached is asked no further.

    Args:
        refused: filled with what the platform did not apply, by its reasons, wherever this ends.
        at_once: ask about all, whether their time has come or not.

    Raises:
        PutOff: the platform wants a wait, and lists of other destinations come first.
        SegmentloomError: as the destination and the warehouse raise it.
    """
    for batch_run, number, part, operation, request_id, taken_at in session.rows(
        _OPEN if at_once else _OPEN + _DUE
    ):
        request = _OpenRequest(batch_run, int(number), int(part), operation, request_id, taken_at)
        try:
            refused.update(_confirm(session, attempts, request))
        except PutOff:
            raise
        except Unavailable:
            break


@dataclass(frozen=True, slots=True)
class _OpenRequest:
    run_id: str
    number: int
    part: int
    operation: str
    request_id: str
    taken_at: datetime

    @property
    def place(self) -> dict[str, Any]:
        """Its row in the batches, as parameters."""
        return {"batch_run": self.run_id, "batch_number": self.number, "part": self.part}


def _confirm(session: SyncSession, attempts: Attempts, request: _OpenRequest) -> dict[str, int]:
    def ask() -> RequestStatus:
        attempts.heartbeat()
        return session.target.destination.request_status(request.request_id)

    try:
        status = attempts.call(ask)
    except (Rejected, DestinationMissing) as error:  # it knows the request no longer
        status = RequestStatus("failed", reasons={error.message: 1}, is_passing=True)
    if status.state == "processing":
        _ask_again_later(session, request)
        return {}
    failures = _unexplained_failures(session, request) + 1 if status.is_unexplained else 0
    is_passing = status.is_passing or 0 < failures < UNEXPLAINED_FAILURES
    state = "confirmed" if status.state == "succeeded" else "again" if is_passing else status.state
    message = ", ".join(f"{reason}: {number}" for reason, number in sorted(status.reasons.items()))
    statements = match_rates.of_request(session, status.match_rates, request.request_id)
    statements.append(session.statement(_ANSWERED, **request.place, state=state, message=message))
    if request.operation == "remove":
        statements.append(session.statement(_REMOVED, **request.place))
        if failures:
            statements.append(session.statement(_NOT_REMOVED, **request.place, failures=failures))
    elif status.state != "succeeded":
        is_certain = not is_passing and _fails_whole(session, request, status)
        text = _REJECTED if is_certain else _SEND_AGAIN
        reason = f"failed {failures} times without a reason" if failures else message
        statements.append(session.statement(text, **request.place, reason=reason, failures=failures))
    session.apply(statements)
    if status.state == "succeeded":
        return {}
    return dict(status.reasons) or {"no reason given": max(status.failed_count, 1)}


def _fails_whole(session: SyncSession, request: _OpenRequest, status: RequestStatus) -> bool:
    """Whether all that a request added was refused; else it is sent again, halved, to find out what was."""
    [(members, requests)] = session.rows(_SIZE, **request.place)
    if int(members) <= 1:
        return True
    if status.is_unexplained:
        return False  # that all of them are bad is the least likely
    # Which rows of a halved batch one of its requests held isn't known.
    return status.state == "failed" and status.failed_count >= int(members) and int(requests) == 1


def _unexplained_failures(session: SyncSession, request: _OpenRequest) -> int:
    """How often in a row requests with these rows have failed before, and nobody knows why."""
    [(failures,)] = session.rows(_FAILURES, **request.place)
    return int(failures or 0)


def _ask_again_later(session: SyncSession, request: _OpenRequest) -> None:
    now = session.clock.now()
    age = now - request.taken_at
    is_expired = age >= UNCONFIRMED
    statements = [
        session.statement(
            _STILL_OPEN,
            **request.place,
            state="expired" if is_expired else "processing",
            poll_at=now + min(age * PAUSE_GROWTH, LONGEST_PAUSE),
        )
    ]
    if is_expired and request.operation == "add":
        statements.append(session.statement(_SEND_AGAIN, **request.place, reason="no answer", failures=0))
    session.apply(statements)


_OPEN = """
select
    run_id,
    batch_number,
    part,
    operation,
    request_id,
    finished_at
from {batches}
where
    destination = :destination
    and list_id = :list_id
    and state = 'processing'"""

_DUE = """
    and poll_at <= :now"""

_PLACE = """
    destination = :destination
    and list_id = :list_id
    and run_id = :batch_run
    and batch_number = :batch_number"""

_STILL_OPEN = f"""
update {{batches}}
set
    state = :state,
    poll_at = :poll_at
where {_PLACE}
    and part = :part
    and {{lease}}
"""

_ANSWERED = f"""
update {{batches}}
set
    state = :state,
    message = :message
where {_PLACE}
    and part = :part
    and {{lease}}
"""

# Only when every request of the batch is confirmed: which of its rows a refused one held isn't known. And not
# where the removal overtook an addition, which the platform may have applied after it.
_REMOVED = f"""
delete from {{ledger}}
where {_PLACE}
    and state = 'removing'
    and overtaken_run_id is null
    and 0 = (
        select count(*)
        from {{batches}}
        where {_PLACE}
            and state <> 'confirmed'
    )
    and {{lease}}
"""

_FAILURES = f"""
select max(unexplained_failures) as failures
from {{ledger}}
where {_PLACE}
    and state in ('accepted', 'removing')
"""

_NOT_REMOVED = f"""
update {{ledger}}
set unexplained_failures = :failures
where {_PLACE}
    and state = 'removing'
    and {{lease}}
"""

_SIZE = f"""
select
    count(distinct member_key) as members,
    (
        select count(*)
        from {{batches}}
        where {_PLACE}
    ) as requests
from {{ledger}}
where {_PLACE}
    and state = 'accepted'
"""

_REJECTED = f"""
update {{ledger}}
set
    state = 'rejected',
    may_hold = true,
    reason = :reason,
    updated_at = :now,
    fencing_token = :token
where {_PLACE}
    and state = 'accepted'
    and {{lease}}
"""

_SEND_AGAIN = f"""
update {{ledger}}
set
    state = 'sent',
    reason = :reason,
    unexplained_failures = :failures,
    updated_at = :now,
    fencing_token = :token
where {_PLACE}
    and state = 'accepted'
    and {{lease}}
"""
