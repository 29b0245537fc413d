"""One list to keep in step: which audience, at which destination, with which rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from segmentloom_sync.destinations.base import Destination
from segmentloom_sync.destinations.settings import DestinationSettings

ConsentRule = Literal["granted", "not_denied", "nobody"]
"""Which profiles may be sent: those that consented, those that did not refuse, or none."""

DEFAULT_MAX_REMOVAL_PERCENT = 30.0
MIN_REMOVALS = 100
"""A smaller shrinkage is never held, however large its share, unless it empties the list."""


@dataclass(frozen=True, slots=True)
class SyncTarget:
    """An audience and the list that follows it.

    Attributes:
        destination_name: its key in segmentloom.yml, which the ledger uses too.
        identifier_types: what is sent of each member.
        cadence: how old a membership may be.
        is_followed: False for a list that no audience fills any more; only those who must go leave it.
        only_opt_outs: True for a list that the run does not take otherwise: only who refused leaves it.
        settings_digest: of the destination's settings that decide what is sent where, its secrets left out.
        trusts_absence: False where who is in no table may just be missing, and is not taken for erased.
    """

    audience: str
    destination_name: str
    destination: Destination
    list_name: str
    identifier_types: tuple[str, ...] = ("email",)
    consent_rule: ConsentRule = "not_denied"
    max_removal_percent: float = DEFAULT_MAX_REMOVAL_PERCENT
    cadence: timedelta = timedelta(days=1)
    max_retries: int = 5
    poll_after: timedelta = timedelta(minutes=30)
    is_followed: bool = True
    only_opt_outs: bool = False
    trusts_absence: bool = True
    settings_digest: str = ""

    @property
    def is_brought_into_step(self) -> bool:
        """Whether the list shall get exactly the members; else people only leave it."""
        return self.is_followed and not self.only_opt_outs

    @property
    def key(self) -> str:
        """Names the list in the leases, before the platform has given it an id."""
        return f"{self.destination_name}/{self.list_name}"


def consent_rule(destination: Destination, settings: DestinationSettings) -> ConsentRule:
    """Which profiles may go to a destination.

    A consent given in the settings is the operator's word for those who said nothing themselves; one denied
    there holds for everybody. A person's refusal always counts, and where the platform demands consent an
    unknown one is a refusal, unless the operator gave it.
    """
    if settings.consent == "denied":
        return "nobody"
    if settings.consent == "granted":
        return "not_denied"
    return "granted" if destination.demands_consent else "not_denied"
