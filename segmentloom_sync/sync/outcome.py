"""What became of one batch, identifier by identifier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentloom_sync.destinations.base import Identifier
from segmentloom_sync.warehouse.base import Columns

if TYPE_CHECKING:
    import pyarrow as pa

STAGED: Columns = {
    "identifier_type": "string",
    "identifier": "string",
    "outcome": "string",  # rejected, unknown, cut
    "reason": "string",
}


@dataclass(slots=True)
class Request:
    """A request that the platform took."""

    request_id: str | None
    is_pending: bool
    members: int
    identifiers: int


@dataclass(slots=True)
class BatchOutcome:
    """Filled while a batch is pushed; whatever is in no set was accepted.

    Attributes:
        rejected: refused for good, with the platform's reason.
        unknown: may or may not have been applied; sent again by the next run.
        cut: not sent, since the person may no longer be sent.
        was_ambiguous: some request may have been applied without an answer.
    """

    sent: int = 0
    rejected: dict[Identifier, str] = field(default_factory=dict)
    unknown: set[Identifier] = field(default_factory=set)
    cut: set[Identifier] = field(default_factory=set)
    requests: list[Request] = field(default_factory=list)
    was_ambiguous: bool = False

    @property
    def accepted(self) -> int:
        """Identifiers that the platform took."""
        return self.sent - len(self.rejected) - len(self.unknown) - len(self.cut)

    @property
    def counts(self) -> dict[str, int]:
        """Identifiers by what became of them."""
        return {
            "accepted": self.accepted,
            "rejected": len(self.rejected),
            "unknown": len(self.unknown),
            "cut": len(self.cut),
        }

    @property
    def reasons(self) -> list[str]:
        """The distinct reasons of refusal."""
        return sorted(set(self.rejected.values()))

    @property
    def has_exceptions(self) -> bool:
        """Whether some identifiers have an outcome of their own."""
        return bool(self.rejected or self.unknown or self.cut)

    def rows(self) -> Iterator[pa.RecordBatch]:
        """The identifiers that were not accepted, for staging; see STAGED."""
        import pyarrow as pa

        entries = [
            *((*identifier, "rejected", reason) for identifier, reason in self.rejected.items()),
            *((*identifier, "unknown", "") for identifier in self.unknown),
            *((*identifier, "cut", "") for identifier in self.cut),
        ]
        columns = [pa.array(column, pa.string()) for column in zip(*entries, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, names=list(STAGED))
