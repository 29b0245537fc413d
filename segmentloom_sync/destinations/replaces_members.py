"""Removes whoever was added to a list before a moment, so that a list that somebody else changed can be
replaced: nobody can read whom it holds, but all can be added anew, and what was not be removed."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from segmentloom_sync.destinations.base import AudienceList


@runtime_checkable
class ReplacesMembers(Protocol):
    """A destination whose platform does that. Both raise as `base.Destination` says."""

    def check_remove_all(self, audience_list: AudienceList, added_before: datetime) -> None:
        """Ask the platform whether it would take `remove_all` now; nobody is removed.

        Raises:
            ConfigError: by the platform's clock the moment lies in the future.
        """
        ...

    def remove_all(self, audience_list: AudienceList, added_before: datetime) -> str | None:
        """Remove all members whose last addition was before a moment. Safe to repeat with the same moment.

        Args:
            added_before: aware; compared with the platform's own times of additions.

        Returns:
            The request's name for `request_status`; None where it is done with the answer.

        Raises:
            ConfigError: by the platform's clock the moment lies in the future.
        """
        ...
