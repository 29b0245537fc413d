"""What the writes of one run on one list have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from segmentloom_sync.destinations.base import AudienceList, Clock
from segmentloom_sync.sync.lease import Lease
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse


@dataclass(frozen=True, slots=True)
class SyncSession:
    """One run on one list, under its lease.

    SQL templates name `{ledger}`, `{batches}`, `{profiles}`, `{hashed_identifiers}` and `{lease}`, the
    condition that every write carries; `:destination`, `:list_id`, `:run_id`, `:now` and `:token` are always
    bound.
    """

    warehouse: Warehouse
    clock: Clock
    target: SyncTarget
    audience_list: AudienceList
    lease: Lease
    run_id: str

    def statement(self, template: str, names: dict[str, str] | None = None, **parameters: Any) -> Statement:
        """Fill a template; parameters that its text does not name are left out by the warehouse."""
        text = template.format(
            ledger=self.warehouse.relation("ledger", "sync"),
            batches=self.warehouse.relation("batches", "sync"),
            profiles=self.warehouse.relation("profiles"),
            hashed_identifiers=self.warehouse.relation("hashed_identifiers"),
            lease=self.lease.condition,
            **(names or {}),
        )
        return Statement(
            text,
            {
                "destination": self.target.destination_name,
                "list_id": self.audience_list.id,
                "run_id": self.run_id,
                "now": self.clock.now(),
                **self.lease.parameters,
                **parameters,
            },
        )

    def rows(
        self, template: str, names: dict[str, str] | None = None, **parameters: Any
    ) -> list[tuple[Any, ...]]:
        """The rows of a filled template."""
        query = self.statement(template, names, **parameters)
        return self.warehouse.rows(query.sql, **query.parameters)

    def apply(self, statements: Sequence[Statement]) -> None:
        """Write all or none.

        Raises:
            TryAgainLater: another run has taken the lease over; nothing was written.
        """
        # Without its first statement, writes that only read the lease could be overtaken between two of them.
        self.warehouse.apply([self.lease.renewal(), *statements])
        self.lease.check()

    def scratch(self, kind: str) -> str:
        """The name of a scratch table that only this list uses, so that a killed run's is replaced."""
        return scratch_name(kind, self.target)


def scratch_name(kind: str, target: SyncTarget) -> str:
    """As `SyncSession.scratch`, for work without a session."""
    return f"{kind}_{sha256(target.key.encode()).hexdigest()[:16]}"
