"""What a platform says of a list: whether it still has its members, and how many it counts.

Platforms count their users who match, blurred and a day or two late, never the identifiers that were sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from segmentloom_sync.destinations.base import AudienceList, MatchRate

Condition = Literal["good", "closed", "lost"]
"""`closed`: it takes no members or is flagged, and a person has to look; `lost`: the platform says that it no
longer has the members."""


@dataclass(frozen=True, slots=True)
class ListState:
    """A list as its platform describes it.

    Attributes:
        status: in the platform's own words; None where it has none.
        size: how many users match, as bounds or a count; None while the platform counts none or hides them.
        is_size_readable: False where the platform never tells a size.
    """

    status: str | None
    condition: Condition = "good"
    size: MatchRate | None = None
    is_size_readable: bool = True


@runtime_checkable
class ReportsListState(Protocol):
    """A destination whose platform describes lists."""

    def list_state(self, audience_list: AudienceList) -> ListState:
        """The list as the platform has it now; raises as `base.Destination` says."""
        ...
