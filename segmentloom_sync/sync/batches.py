"""One batch in the ledger: the intent before the call, the outcome after it.

Whatever may be on the list is in the ledger at every instant, so that a run that dies anywhere leaves nobody
behind at the platform.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from segmentloom_sync.destinations.base import ConsentStatus, Identifier, Member
from segmentloom_sync.sync import batch_sql as sql
from segmentloom_sync.sync.intent import Batch
from segmentloom_sync.sync.opted_out_sql import opted_out
from segmentloom_sync.sync.outcome import STAGED, BatchOutcome
from segmentloom_sync.sync.refusals import is_basis
from segmentloom_sync.sync.sendable_sql import consent_condition
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.warehouse.base import Statement


@dataclass(frozen=True, slots=True)
class BatchContent:
    """The members of a batch, and which of their identifiers may no longer be sent."""

    members: list[Member]
    barred: frozenset[Identifier]


def mark_sending(session: SyncSession, batch: Batch) -> None:
    """Write that the call begins: from now on the list may hold these identifiers."""
    statements = [session.statement(sql.BATCH_SENDING, batch_number=batch.number)]
    if batch.operation == "add":
        statements.append(session.statement(sql.ROWS_SENT, batch_number=batch.number))
    session.apply(statements)


def read_content(session: SyncSession, batch: Batch, basis: str | None) -> BatchContent:
    """Read a batch that is marked, with who may be sent at this moment; removals always may.

    Args:
        basis: `refusal_basis` from before the plan.
    """
    identifiers: dict[str, list[Identifier]] = {}
    for kind, value, member_key in session.rows(sql.CONTENT, batch_number=batch.number, state=_marked(batch)):
        identifiers.setdefault(member_key, []).append(Identifier(kind, value))
    # The rule lets in nobody whose consent is not granted.
    consent: ConsentStatus | None = "granted" if session.target.consent_rule == "granted" else None
    members = [Member(tuple(values), consent) for values in identifiers.values()]
    return BatchContent(members, read_barred(session, batch, basis))  # looked at last


def read_barred(session: SyncSession, batch: Batch, basis: str | None) -> frozenset[Identifier]:
    """Which identifiers of a batch may not be sent at this moment; asked again before each request.

    Args:
        basis: as for `read_content`.
    """
    if batch.operation == "remove" or is_basis(session.warehouse, basis):
        return frozenset()
    return frozenset(Identifier(kind, value) for kind, value in _barred_rows(session, batch))


def record(session: SyncSession, batch: Batch, outcome: BatchOutcome) -> None:
    """Write what became of a batch, all or none.

    Raises:
        TryAgainLater: another run has taken the lease over; nothing was written.
    """
    is_lost = outcome.accepted == 0 and not outcome.rejected and not outcome.cut
    if is_lost or not outcome.has_exceptions:
        session.apply(_outcome(session, batch, outcome, None, is_lost=is_lost))
        return
    staged = session.warehouse.stage(session.scratch("outcome"), "sync", STAGED, outcome.rows())
    try:
        session.apply(_outcome(session, batch, outcome, staged, is_lost=False))
    finally:
        session.warehouse.drop(staged)


def _outcome(
    session: SyncSession, batch: Batch, outcome: BatchOutcome, staged: str | None, *, is_lost: bool
) -> list[Statement]:
    names = {"staged": staged or "", "others": sql.OTHERS.format(staged=staged) if staged else ""}
    templates: list[tuple[str, dict[str, Any]]] = []
    if staged:
        reject = sql.REJECT_ADD if batch.operation == "add" else sql.REJECT_REMOVE
        templates += [(reject, {"reason": reason}) for reason in outcome.reasons]
        templates += [(text, {}) for text in sql.EXCEPTIONS[batch.operation]]
    if not is_lost:
        templates += _accepted(batch, outcome)
    templates += _requests(session, batch, outcome)
    common = {
        "batch_number": batch.number,
        "operation": batch.operation,
        "is_ambiguous": outcome.was_ambiguous,
    }
    return [session.statement(text, names, **common, **extra) for text, extra in templates]


def _accepted(batch: Batch, outcome: BatchOutcome) -> Iterable[tuple[str, dict[str, Any]]]:
    if batch.operation == "add":
        return [(sql.ACCEPT_ADD, {})]
    if any(request.is_pending for request in outcome.requests):
        return []  # the rows wait in `removing` until the platform says that it has removed them
    return [(sql.ACCEPT_REMOVE, {})]


def _requests(
    session: SyncSession, batch: Batch, outcome: BatchOutcome
) -> Iterable[tuple[str, dict[str, Any]]]:
    poll_at = session.clock.now() + session.target.poll_after
    counts = {
        "accepted": outcome.accepted,
        "rejected": len(outcome.rejected),
        "unknown": len(outcome.unknown),
    }
    if not outcome.requests:
        yield sql.BATCH_DONE, {**counts, "state": "unknown" if outcome.unknown else "done", "request_id": ""}
        return
    first, *others = outcome.requests
    state = "processing" if first.is_pending else "done"
    yield (
        sql.BATCH_DONE,
        {**counts, "state": state, "request_id": first.request_id or ""},
    )
    if first.is_pending:
        yield sql.BATCH_POLL, {"poll_at": poll_at}
    for part, request in enumerate(others, start=1):
        yield (
            sql.BATCH_PART,
            {
                "part": part,
                "members": request.members,
                "identifiers": request.identifiers,
                "state": "processing" if request.is_pending else "done",
                "request_id": request.request_id or "",
                "poll_at": poll_at,
            },
        )


def _barred_rows(session: SyncSession, batch: Batch) -> list[tuple[Any, ...]]:
    return session.rows(
        sql.BARRED,
        {
            "consent": consent_condition(session.target.consent_rule),
            "opted_out": opted_out(session.warehouse, sql.LISTED),
        },
        batch_number=batch.number,
        hash_rule=session.target.destination.hash_rule,
        state=_marked(batch),
    )


def _marked(batch: Batch) -> str:
    return "sent" if batch.operation == "add" else "removing"
