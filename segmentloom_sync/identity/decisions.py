"""What people decided about links: `S.identity_overrides`, to which rows are only added.

Of a link the latest decision holds. Builds apply it and note in which run they first did.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Columns, Statement, Warehouse

OVERRIDES = "identity_overrides"

Action = Literal["unmerge", "remerge"]

COLUMNS = (
    "override_id",
    "decided_at",
    "action",
    "identifier_type",
    "identifier_value",
    "other_type",
    "other_value",
    "reason",
    "requested_by",
    "merge_id",
    "applied_run_id",
)
_TYPES: Columns = {column: "timestamp" if column == "decided_at" else "string" for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of `identity_overrides`.

    Attributes:
        identifier, other: the link's ends, as `Link` orders them.
        merge_id: by which it was named; None when by its identifiers.
        applied_run_id: the dbt run that took it up; None while none has.
    """

    override_id: str
    decided_at: datetime
    action: Action
    identifier: Identifier
    other: Identifier
    reason: str
    requested_by: str
    merge_id: str | None = None
    applied_run_id: str | None = None

    @classmethod
    def of_row(cls, row: tuple[Any, ...]) -> Decision:
        """A row of `COLUMNS`."""
        (
            override_id,
            decided_at,
            action,
            kind,
            value,
            other_kind,
            other_value,
            reason,
            by,
            merge_id,
            run_id,
        ) = row
        return cls(
            str(override_id),
            decided_at,
            action,
            Identifier(str(kind), str(value)),
            Identifier(str(other_kind), str(other_value)),
            str(reason),
            str(by),
            merge_id,
            run_id,
        )

    def values(self) -> dict[str, Any]:
        """By column."""
        return {
            "override_id": self.override_id,
            "decided_at": self.decided_at,
            "action": self.action,
            "identifier_type": self.identifier.type,
            "identifier_value": self.identifier.value,
            "other_type": self.other.type,
            "other_value": self.other.value,
            "reason": self.reason,
            "requested_by": self.requested_by,
            "merge_id": self.merge_id,
            "applied_run_id": self.applied_run_id,
        }

    def document(self) -> dict[str, Any]:
        """Its line in an export, and its keys in `--json`."""
        return {**self.values(), "decided_at": self.decided_at.astimezone(UTC).isoformat()}


def record(warehouse: Warehouse, decision: Decision) -> None:
    """Add one decision."""
    columns = ", ".join(COLUMNS)
    bound = ", ".join(f":{column}" for column in COLUMNS)
    warehouse.apply(
        [
            Statement(
                f"insert into {warehouse.relation(OVERRIDES)} ({columns}) values ({bound})",
                decision.values(),
            )
        ]
    )


def record_all(warehouse: Warehouse, decisions: Sequence[Decision]) -> None:
    """Add any number of decisions, all or none: no engine takes so many parameters in one request."""
    import pyarrow as pa

    if not decisions:
        return
    rows = pa.RecordBatch.from_pylist(
        [decision.values() for decision in decisions], schema=arrow.schema(_TYPES)
    )
    staged = warehouse.stage(f"decisions_{uuid.uuid4().hex}", "sync", _TYPES, [rows])
    columns = ", ".join(COLUMNS)
    try:
        warehouse.apply(
            [
                Statement(
                    f"insert into {warehouse.relation(OVERRIDES)} ({columns}) select {columns} from {staged}"
                )
            ]
        )
    finally:
        warehouse.drop(staged)


def latest_decision(warehouse: Warehouse, identifier: Identifier, other: Identifier) -> Decision | None:
    """The decision that holds for a link."""
    rows = warehouse.rows(
        f"""
        select {", ".join(COLUMNS)}
        from {warehouse.relation(OVERRIDES)}
        where
            (
                identifier_type = :one_type
                and identifier_value = :one_value
                and other_type = :other_type
                and other_value = :other_value
            )
            or (
                identifier_type = :other_type
                and identifier_value = :other_value
                and other_type = :one_type
                and other_value = :one_value
            )
        order by
            decided_at desc,
            override_id desc
        limit 1
        """,
        one_type=identifier.type,
        one_value=identifier.value,
        other_type=other.type,
        other_value=other.value,
    )
    return Decision.of_row(rows[0]) if rows else None


def decision_of(warehouse: Warehouse, override_id: str) -> Decision:
    """A decision as it is recorded now."""
    [row] = warehouse.rows(
        f"""
        select {", ".join(COLUMNS)}
        from {warehouse.relation(OVERRIDES)}
        where override_id = :override_id
        """,
        override_id=override_id,
    )
    return Decision.of_row(row)


def all_decisions(warehouse: Warehouse) -> list[Decision]:
    """Every decision, the oldest first."""
    rows = warehouse.rows(
        f"""
        select {", ".join(COLUMNS)}
        from {warehouse.relation(OVERRIDES)}
        order by
            decided_at,
            override_id
        """
    )
    return [Decision.of_row(row) for row in rows]
