"""Which account of its platform a destination is for."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from segmentloom_sync.destinations.base import Destination


@runtime_checkable
class NamesAccount(Protocol):
    """A destination whose lists belong to an account."""

    account: str
    """Its name at the platform, in one spelling only; never a secret, as it is stored and shown."""


def account_of(destination: Destination) -> str | None:
    """The account; None where the destination names none."""
    return destination.account if isinstance(destination, NamesAccount) else None
