"""What a preview says: the figures of an audience at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentloom_sync.audiences.evaluation import iso
from segmentloom_sync.audiences.preview_published import Overlap, Published, Size


@dataclass(frozen=True, slots=True)
class ConditionCount:
    """A leaf condition.

    Attributes:
        members: how many profiles it alone holds for.
        removes: how many more members there were without it; None where that has no one meaning.
    """

    condition: str
    members: int
    removes: int | None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A part of the definition and how many profiles pass it and all parts before it."""

    condition: str
    members: int


@dataclass(frozen=True, slots=True)
class DestinationCounts:
    """What one sync of the audience would have and change, in identifiers, and what to know of the list.

    Attributes:
        adds: None, as removes is, where the members are those of another time than the list's.
    """

    destination: str
    identifiers: Mapping[str, int]
    adds: int | None
    removes: int | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """The numbers of an audience at a time.

    Attributes:
        profiles: how many there are at all.
        by_destination: None of it while the identifiers are not built.
        published: how the audience differs from its published members; None when it has none yet.
        overlaps: other published audiences with members in common, the most first.
        history: the audience's size at its last evaluations, oldest first.
        estimated_bytes: what the engine said that these counts would read; None when it does not say.
        notes: what to know beside the figures, for people.
    """

    audience: str
    profiles: int
    members: int
    as_of: datetime
    conditions: tuple[ConditionCount, ...]
    funnel: tuple[FunnelStep, ...]
    by_destination: tuple[DestinationCounts, ...]
    published: Published | None
    overlaps: tuple[Overlap, ...]
    history: tuple[Size, ...]
    estimated_bytes: int | None
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The keys of `preview --json`."""
        return {
            "audience": self.audience,
            "profiles": self.profiles,
            "members": self.members,
            "as_of": iso(self.as_of),
            "conditions": [
                {"condition": count.condition, "members": count.members, "removes": count.removes}
                for count in self.conditions
            ],
            "funnel": [{"condition": step.condition, "members": step.members} for step in self.funnel],
            "by_destination": [
                {
                    "destination": counts.destination,
                    "identifiers": dict(counts.identifiers),
                    "adds": counts.adds,
                    "removes": counts.removes,
                    "warnings": list(counts.warnings),
                }
                for counts in self.by_destination
            ],
            "published": self.published.document() if self.published else None,
            "overlaps": [overlap.document() for overlap in self.overlaps],
            "history": [size.document() for size in self.history],
            "estimated_bytes": self.estimated_bytes,
            "notes": list(self.notes),
        }
