"""From audience files and segmentloom.yml to the lists that are kept in step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.settings import ConfiguredDestination, Settings
from segmentloom_sync.sync.target import SyncTarget, consent_rule

CADENCES = {"hourly": timedelta(hours=1), "daily": timedelta(days=1)}


def sync_targets(
    audiences: Iterable[Audience], everybody: Iterable[Audience], settings: Settings, clock: Clock
) -> list[SyncTarget]:
    """The lists of some audiences, in the order of the files.

    Args:
        audiences: the chosen ones.
        everybody: all audiences of the project, so that no two fill one list.

    Raises:
        ConfigError: a destination is missing or wrong or doesn't take an identifier, or two audiences
            fill one list.
    """
    chosen = list(audiences)
    _no_shared_lists(everybody)
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
    for kind in identifiers:
        if kind not in destination.identifier_types:
            raise ConfigError(
                f"{audience.path}: {configured.name} does not take {kind}",
                hint=f"it takes {', '.join(destination.identifier_types)}",
            )
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


def _no_shared_lists(audiences: Iterable[Audience]) -> None:
    owners: dict[tuple[str, str], Audience] = {}
    for audience in audiences:
        for spec in audience.sync:
            owner = owners.setdefault((spec.destination, spec.list_name), audience)
            if owner is not audience:
                raise ConfigError(
                    f"{audience.path} and {owner.path} both fill the list '{spec.list_name}' "
                    f"at {spec.destination}",
                    hint="give each audience a list of its own: each removes whom it does not know",
                )
