"""How an audience that is only counted compares with what is published: itself, others, former sizes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentloom_sync.warehouse.base import Statement, Warehouse

MOST_SIZES = 60
"""Evaluations that the history goes back."""

OVERLAP_COLUMNS = ("audience", "members", "members_of_both")
OVERLAPS = """
select
    published.audience,
    count(*) as members,
    count(counted.profile_id) as members_of_both
from {membership} as published
left join ({members}) as counted
    on published.profile_id = counted.profile_id
group by published.audience
"""

HISTORY = """
select
    evaluated_at,
    members
from {sizes}
where audience = :audience
order by evaluated_at desc
limit {limit}
"""


Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Published:
    """The audience's own published members, and who would come and go."""

    members: int
    entering: int
    leaving: int

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {"members": self.members, "entering": self.entering, "leaving": self.leaving}


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another audience.

    Attributes:
        members: how many it has published.
        both: how many of them are in the audience counted too.
        share: of the audience counted.
    """

    audience: str
    members: int
    both: int
    share: float

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {"audience": self.audience, "members": self.members, "both": self.both, "share": self.share}


@dataclass(frozen=True, slots=True)
class Size:
    """How many members an evaluation found."""

    evaluated_at: datetime
    members: int

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {"evaluated_at": self.evaluated_at, "members": self.members}


class PublishedState:
    """What is published, for one audience.

    Args:
        warehouse: an open connection; nothing is written.
        audience: the audience's name.
    """

    def __init__(self, warehouse: Warehouse, audience: str) -> None:
        self._warehouse = warehouse
        self._audience = audience
        self._is_there = warehouse.exists("audience_membership") and warehouse.exists("audience_sizes")

    def overlaps(self, members: Statement) -> list[Statement]:
        """The question who is in published audiences too; none before audiences were published."""
        if not self._is_there:
            return []
        membership = self._warehouse.relation("audience_membership")
        return [Statement(OVERLAPS.format(membership=membership, members=members.sql), members.parameters)]

    def history(self) -> list[Statement]:
        """The question for earlier sizes; none before audiences were published."""
        if not self._is_there:
            return []
        sizes = self._warehouse.relation("audience_sizes")
        return [Statement(HISTORY.format(sizes=sizes, limit=MOST_SIZES), {"audience": self._audience})]

    def read(
        self, overlaps: list[Rows], history: list[Rows], members: int
    ) -> tuple[Published | None, tuple[Overlap, ...], tuple[Size, ...]]:
        """What the rows of both say.

        Args:
            members: how many the audience counted has.
        """
        found = {str(name): (int(size), int(both)) for rows in overlaps for name, size, both in rows}
        size, both = found.pop(self._audience, (0, 0))
        sizes = tuple(
            Size(evaluated_at, int(number)) for rows in history for evaluated_at, number in reversed(rows)
        )
        others = [
            Overlap(name, other_size, shared, round(shared / members, 4))
            for name, (other_size, shared) in found.items()
            if shared
        ]
        return (
            Published(size, entering=members - both, leaving=size - both) if sizes else None,
            tuple(sorted(others, key=lambda other: (-other.both, other.audience))),
            sizes,
        )
