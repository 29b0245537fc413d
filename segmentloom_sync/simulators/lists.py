"""What a simulated platform keeps: lists with their members, and whom it knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


class Key(NamedTuple):
    """An identifier as a list holds it."""

    type: str
    value: str


@dataclass(slots=True)
class SimulatedList:
    """One list at the platform."""

    id: str
    name: str
    account: str
    created_at: datetime
    members: dict[Key, datetime] = field(default_factory=dict)
    """Identifiers with the time each was last added."""
    uploads: list[tuple[datetime, int]] = field(default_factory=list)
    """When how many were sent."""
    touched_at: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """What the platform was told about the list beside its name."""

    def add(self, keys: Iterable[Key], now: datetime) -> None:
        """Add members, or renew the time of those it has."""
        self.members.update((key, now) for key in keys)

    def remove(self, keys: Iterable[Key]) -> None:
        """Remove members; absent ones are no error."""
        for key in keys:
            self.members.pop(key, None)


class Lists:
    """All lists of a platform, by id."""

    def __init__(self, first_id: int) -> None:
        self._next_id = first_id
        self._lists: dict[str, SimulatedList] = {}

    def __iter__(self) -> Iterator[SimulatedList]:
        return iter(self._lists.values())

    def create(self, name: str, account: str, now: datetime, details: dict[str, Any]) -> SimulatedList:
        """A new, empty list."""
        created = SimulatedList(str(self._next_id), name, account, now, details=details)
        self._lists[created.id] = created
        self._next_id += 1
        return created

    def restore(self, entry: SimulatedList) -> None:
        """Take in a list from an earlier run."""
        self._lists[entry.id] = entry
        self._next_id = max(self._next_id, int(entry.id) + 1)

    def get(self, list_id: str) -> SimulatedList | None:
        """The list of that id."""
        return self._lists.get(list_id)

    def of(self, account: str) -> list[SimulatedList]:
        """An account's lists, oldest first."""
        return [entry for entry in self if entry.account == account]

    def delete(self, list_id: str) -> None:
        """Delete a list with its members."""
        self._lists.pop(list_id, None)

    def delete_named(self, name: str | None) -> None:
        """Delete the lists of that name, or all."""
        for entry in [entry for entry in self if name in (None, entry.name)]:
            self.delete(entry.id)


@dataclass(frozen=True, slots=True)
class Matching:
    """Whom the platform knows: a set of hashes, or else a fixed share of all possible ones."""

    share: float = 0.6
    known: frozenset[str] | None = None

    def knows(self, value: str) -> bool:
        """Whether a hash belongs to a user of the platform; the same answer every time."""
        if self.known is not None:
            return value in self.known
        return value[:8].isalnum() and int(value[:8], 16) < self.share * 2**32

    def count(self, keys: Iterable[Key]) -> int:
        """How many of the identifiers belong to users of the platform."""
        return sum(self.knows(key.value) for key in keys)
