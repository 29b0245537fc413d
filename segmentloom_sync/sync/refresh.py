"""Asks a platform now: what became of open requests, and what it says about matching."""

from __future__ import annotations

import uuid
from collections import Counter

from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.sync import match_rates
from segmentloom_sync.sync.confirmations import confirm_requests
from segmentloom_sync.sync.interrupt import Interrupt
from segmentloom_sync.sync.lease import take_lease
from segmentloom_sync.sync.lists import remembered_list
from segmentloom_sync.sync.retry import Attempts
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse


def refresh_match_rates(warehouse: Warehouse, clock: Clock, target: SyncTarget) -> Counter[str]:
    """Store what the platform reports of a list and of its requests; confirmed removals leave the ledger.

    Returns:
        What the platform did not apply, by its reasons.

    Raises:
        TryAgainLater: a run is changing the list.
        SegmentloomError: as the destination raises it.
    """
    audience_list = remembered_list(warehouse, target)
    if audience_list is None:
        return Counter()
    lease = take_lease(warehouse, clock, target.key)
    try:
        session = SyncSession(warehouse, clock, target, audience_list, lease, uuid.uuid4().hex)
        attempts = Attempts(clock, target.max_retries, lease.renew, Interrupt())
        refused: Counter[str] = Counter()
        confirm_requests(session, attempts, refused, at_once=True)
        rates = target.destination.match_rates(audience_list)
        match_rates.store(warehouse, clock, target, audience_list, rates)
        return refused
    finally:
        lease.release()
