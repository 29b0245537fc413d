"""From audience files and segmentloom.yml to the lists that are kept in step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.settings import ConfiguredDestination, Settings
from segmentloom_sync.sync.target import SyncTarget, consent_rule

CADENCES = {"hourly": timedelta(hours=1), "daily": timedelta(days=1)}


def sync_targets(audiences: Iterable[Audience], settings: Settings, clock: Clock) -> list[SyncTarget]:
    """The lists of some audiences, in the order of the files.

    Args:
        audiences: the chosen ones, read against the same settings.

    Raises:
        ConfigError: a destination is missing or wrong.
    """
    chosen = list(audiences)
    names = [spec.destination for audience in chosen for spec in audience.sync]
    destinations = settings.destinations(names, clock=clock)
    return [
        _target(audience, spec.list_name, spec.identifiers, destinations[spec.destination])
        for audience in chosen
        for spec in audience.sync
    ]


def _target(
    audience: Audience, list_name: str, identifiers: Sequence[str], configured: ConfiguredDestination
) -> SyncTarget:
    destination, settings = configured.destination, configured.settings
    return SyncTarget(
        audience=audience.name,
        destination_name=configured.name,
        destination=destination,
        list_name=list_name,
        identifier_types=tuple(identifiers),
        consent_rule=consent_rule(destination, settings),
        max_removal_percent=float(audience.guard_max_removal_percent),
        cadence=CADENCES[audience.cadence],
        max_retries=settings.max_retries,
        poll_after=settings.poll_after,
        settings_digest=settings.digest(),
    )
