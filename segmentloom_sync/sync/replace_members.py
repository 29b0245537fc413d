"""Replaces all that a list holds: everybody is sent anew, then the platform removes whoever was not.

That takes several runs, each of which may end anywhere. The first notes a moment and marks all of the ledger
as sent without an answer; once each of them has been added after that moment, and the platform says so, it
is asked to remove whoever was last added before. The moment stays the same however often that is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from segmentloom_sync.destinations.base import RequestStatus
from segmentloom_sync.destinations.replaces_members import ReplacesMembers
from segmentloom_sync.errors import DestinationMissing, PutOff, Rejected, Unavailable
from segmentloom_sync.sync import replacement_sql as sql
from segmentloom_sync.sync.confirmations import LONGEST_PAUSE, PAUSE_GROWTH
from segmentloom_sync.sync.plan import UNCONFIRMED
from segmentloom_sync.sync.replacement import Replacement, replacement_names, under_way
from segmentloom_sync.sync.retry import Attempts
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.warehouse.base import Statement

MARGIN = timedelta(minutes=15)
"""How much earlier than ours the platform's clock may be.

Platforms compare with their own times of additions. Were our clock fast, whom we send anew would seem to have
been added before a moment of ours, and be removed. So the moment lies this much before the first addition,
and the platform is asked beforehand whether the moment lies in its future: then its clock is later than the
moment before anything is sent, whatever ours says. The price is that somebody stays whom others have added
within this time before; with a slow clock it is that much more. Nobody is removed by mistake.
"""


@dataclass(frozen=True, slots=True)
class Rest:
    """What has to be waited for.

    Attributes:
        open_additions: requests that the platform works on.
        not_sent_anew: identifiers that the list may hold from before.
        accepted: identifiers that the list holds.
    """

    open_additions: int
    not_sent_anew: int
    accepted: int

    @property
    def is_over(self) -> bool:
        """Whether nobody of ours would be removed."""
        return not self.open_additions and not self.not_sent_anew


def take_up(
    session: SyncSession, attempts: Attempts, report: RunReport, by: str | None, *, is_released: bool
) -> bool:
    """Begin a replacement where a person asks for it, or go on with the one that is under way.

    Args:
        session: before the plan of its run is made.
        report: told of how it stands.
        by: who asks for one; None where nobody does.
        is_released: a person lets the list be emptied.

    Returns:
        Whether `remove_others` may end the run. Nothing that the run sends until then changes that: whom it
        adds is added later than the moment.
    """
    target = session.target
    if not isinstance(target.destination, ReplacesMembers):
        return False
    known = under_way(session)
    if known is None:
        if by is not None:
            report.replacement = begin(session, attempts, target.destination, by)
        return False
    if by is not None:
        report.warnings.append(
            f"the list '{target.list_name}' at {target.destination_name} is being replaced already; "
            "ask again when that has ended"
        )
    report.replacement = follow(session, attempts, known)
    if known.state != "sending":
        return False
    # Again, for a ledger that was restored from a backup meanwhile.
    session.apply([session.statement(sql.SEND_ANEW, begun_token=known.begun_token)])
    found = rest(session, known)
    if found.is_over and not found.accepted and not is_released:
        report.warnings.append(
            f"nobody is on the list '{target.list_name}' at {target.destination_name} by our records, and "
            "whoever others have put there is removed only when a person says so: "
            f"segmentloom-sync run {target.audience} --release --by YOUR_NAME"
        )
        return False
    return found.is_over


def begin(session: SyncSession, attempts: Attempts, destination: ReplacesMembers, by: str) -> Replacement:
    """Note the moment, and mark all that the platform accepted as to be sent anew.

    Args:
        session: on a list for which none is under way.
        destination: the session's.
        by: who asks for it.

    Raises:
        ConfigError: our clock is fast by more than `MARGIN`; nothing was written.
        Unavailable, Rejected, DestinationMissing, ...: as the destination raises them; nothing was written.
        TryAgainLater: another run has taken the lease over; nothing was written.
    """
    now = session.clock.now()
    begun = Replacement("sending", by, now, now - MARGIN, session.lease.token)

    def check() -> None:
        attempts.heartbeat()
        destination.check_remove_all(session.audience_list, begun.added_before)

    attempts.call(check)
    values = {
        "list_name": session.audience_list.name,
        "audience": session.target.audience,
        "requested_by": by,
        "started_at": begun.started_at,
        "added_before": begun.added_before,
    }
    send_anew = session.statement(sql.SEND_ANEW, begun_token=begun.begun_token)
    session.apply([_statement(session, sql.BEGIN, values), send_anew])
    return begun


def follow(session: SyncSession, attempts: Attempts, known: Replacement) -> Replacement:
    """Ask what became of the removal, where the time for that has come.

    Returns:
        As it is now: `sending` again where the platform did not remove them, so that it is asked once more.
    """
    now = session.clock.now()
    if known.state != "asked" or known.asked_at is None or known.poll_at is None or known.poll_at > now:
        return known
    request_id = str(known.request_id)

    def ask() -> RequestStatus:
        attempts.heartbeat()
        return session.target.destination.request_status(request_id)

    try:
        status = attempts.call(ask)
    except PutOff:
        raise
    except Unavailable:
        return known
    except (Rejected, DestinationMissing) as error:  # it knows the request no longer
        status = RequestStatus("failed", reasons={error.message: 1})
    age = now - known.asked_at
    if status.state == "succeeded":
        return _finish(session, known)
    if status.state == "processing" and age < UNCONFIRMED:
        poll_at = now + min(age * PAUSE_GROWTH, LONGEST_PAUSE)
        session.apply([_statement(session, sql.ASK_LATER, {"poll_at": poll_at})])
        return replace(known, poll_at=poll_at)
    reasons = "no answer" if status.state == "processing" else ", ".join(sorted(status.reasons))
    message = f"the platform has not removed whoever was not sent anew ({reasons or 'no reason given'})"
    session.apply([_statement(session, sql.ASK_ANEW, {"message": message})])
    return replace(known, state="sending", message=message)


def rest(session: SyncSession, known: Replacement) -> Rest:
    """What the list has to wait for, by its ledger; nothing that the same run sends later adds to it.

    Of a list that gets newcomers with every run some addition is always open, so it waits only for those that
    were taken before all were sent anew. A removal that failed may be followed by an addition that has to be
    waited for.
    """
    now = session.clock.now()
    all_sent_at = known.all_sent_at or now
    [(additions, not_sent_anew, unsure, accepted)] = session.rows(sql.REST, all_sent_at=all_sent_at)
    found = Rest(int(additions or 0), int(not_sent_anew or 0), int(accepted or 0))
    if found.not_sent_anew or unsure:
        session.apply([_statement(session, sql.NOT_ALL_SENT, {})])
    elif known.all_sent_at is None:
        session.apply([_statement(session, sql.ALL_SENT, {"all_sent_at": now})])
    return found


def remove_others(session: SyncSession, attempts: Attempts, report: RunReport) -> None:
    """Ask the platform to remove whoever was not sent anew, where `take_up` says that it may.

    Raises:
        Unavailable, Rejected, DestinationMissing, ...: as the destination raises them; the next run asks
            again.
    """
    known, destination = report.replacement, session.target.destination
    if known is None or not isinstance(destination, ReplacesMembers):
        raise TypeError("nothing of this list is being replaced")

    def remove() -> str | None:
        attempts.heartbeat()
        return destination.remove_all(session.audience_list, known.added_before)

    request_id = attempts.call(remove, proves=lambda result: True)
    now = session.clock.now()
    asked = replace(known, state="asked", request_id=request_id, asked_at=now, message=None)
    if request_id is not None:
        asked = replace(asked, poll_at=now + session.target.poll_after)
    values = {"request_id": request_id or "", "poll_at": asked.poll_at or now}
    session.apply([_statement(session, sql.ASKED, values)])
    report.replacement = _finish(session, asked) if request_id is None else asked


def _finish(session: SyncSession, known: Replacement) -> Replacement:
    """Write that the others are gone; of those whom the platform had refused before, that they are too."""
    untouched_since = known.added_before - UNCONFIRMED
    statements = [
        _statement(session, sql.DONE, {}),
        session.statement(sql.REFUSED_ARE_GONE, untouched_since=untouched_since),
    ]
    session.apply(statements)
    return replace(known, state="done", finished_at=session.clock.now(), message=None)


def _statement(session: SyncSession, template: str, values: Mapping[str, Any]) -> Statement:
    return session.statement(template, replacement_names(session.warehouse), **values)
