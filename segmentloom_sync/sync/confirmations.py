"""Asks about requests that a platform took without saying what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from segmentloom_sync.destinations.base import RequestStatus
from segmentloom_sync.errors import DestinationMissing, Rejected, Unavailable
from segmentloom_sync.sync import match_rates
from segmentloom_sync.sync.plan import UNCONFIRMED
from segmentloom_sync.sync.session import SyncSession

LONGEST_PAUSE = timedelta(minutes=60)
PAUSE_GROWTH = 0.3
"""Between two questions a third of the request's age passes, at most an hour, as Google recommends."""


def confirm_requests(session: SyncSession, *, at_once: bool = False) -> int:
    """Ask about each open request whose time has come, and write what the answers mean for the ledger.

    A confirmed removal takes its rows out of the ledger; a failed request has its rows sent again.

    Args:
        at_once: ask about all, whether their time has come or not.

    Returns:
        How many requests got their final answer.
    """
    final = 0
    for batch_run, number, part, operation, request_id, taken_at in session.rows(
        _OPEN if at_once else _OPEN + _DUE
    ):
        request = _OpenRequest(batch_run, int(number), int(part), operation, request_id, taken_at)
        final += _confirm(session, request)
    return final


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


def _confirm(session: SyncSession, request: _OpenRequest) -> bool:
    try:
        status = session.target.destination.request_status(request.request_id)
    except Unavailable:
        return False
    except (Rejected, DestinationMissing) as error:
        status = RequestStatus("failed", reasons={error.message: 1})
    if status.state == "processing":
        _ask_again_later(session, request)
        return False
    match_rates.store(
        session.warehouse,
        session.clock,
        session.target,
        session.audience_list,
        status.match_rates,
        request.request_id,
    )
    state = {"succeeded": "confirmed", "partial": "partial", "failed": "failed"}[status.state]
    message = ", ".join(f"{reason}: {number}" for reason, number in sorted(status.reasons.items()))
    statements = [session.statement(_ANSWERED, **request.place, state=state, message=message)]
    if request.operation == "remove":
        statements.append(session.statement(_REMOVED, **request.place))
    elif status.state == "failed":
        statements.append(session.statement(_SEND_AGAIN, **request.place, reason=message))
    session.apply(statements)
    return True


def _ask_again_later(session: SyncSession, request: _OpenRequest) -> None:
    now = session.clock.now()
    age = now - request.taken_at
    session.apply(
        [
            session.statement(
                _STILL_OPEN,
                **request.place,
                state="expired" if age >= UNCONFIRMED else "processing",
                poll_at=now + min(age * PAUSE_GROWTH, LONGEST_PAUSE),
            )
        ]
    )


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

_SEND_AGAIN = f"""
update {{ledger}}
set
    state = 'sent',
    reason = :reason,
    updated_at = :now,
    fencing_token = :token
where {_PLACE}
    and state = 'accepted'
    and {{lease}}
"""
