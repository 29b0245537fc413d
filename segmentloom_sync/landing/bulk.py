"""Lands the rows of many files at once, each file exactly once: one staging, one transaction for all.

`load FILE` lands file by file, however large. Small files that come for ever, as those of the spool, are
landed together: a transaction takes cloud warehouses seconds, whatever is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from segmentloom_sync.landing.load import Loaded
from segmentloom_sync.landing.staging import Counts
from segmentloom_sync.landing.tables import (
    EVENTS,
    LOAD_COLUMNS,
    LOADS,
    REJECTED,
    REJECTED_COLUMNS,
    STAGED_COLUMNS,
    ensure_tables,
    load_id_of,
    staged_values,
)
from segmentloom_sync.warehouse.base import Columns, Statement, Warehouse
from segmentloom_sync.warehouse.small_stage import stage_in_memory

if TYPE_CHECKING:
    import pyarrow as pa

BULK_COLUMNS: Final[Columns] = {
    **STAGED_COLUMNS,
    "source_id": "string",
    "load_id": "string",
    "loaded_at": "timestamp",
}
"""What rows are staged as: those of one load share the last three."""

_DUPLICATES_WITHIN: Final = timedelta(days=7)
_LOADS_PER_STATEMENT: Final = 100


@dataclass
class Load:
    """The rows of one file that are one source's.

    Attributes:
        source_id: the source.
        file_name: the file.
        file_digest: identifies its content.
        loaded_at: the load time, aware; of several deliveries of an event the one with the earliest wins.
        counts: what was read; complete when the last batch was taken.
        unusable_phones: phone numbers of accepted events that are no E.164 and could not be made so.
    """

    source_id: str
    file_name: str
    file_digest: str
    loaded_at: datetime
    counts: Counts = field(default_factory=Counts)
    unusable_phones: int = 0

    @property
    def load_id(self) -> str:
        """As `load FILE` would name it."""
        return load_id_of(self.source_id, self.file_digest)

    @property
    def same(self) -> dict[str, Any]:
        """The values that its rows share."""
        return {"source_id": self.source_id, "load_id": self.load_id, "loaded_at": self.loaded_at}


class BulkLoader:
    """Lands many loads in one transaction.

    Args:
        warehouse: where to.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        ensure_tables(warehouse)

    def landed(self, digests: Iterable[str]) -> set[str]:
        """Which of these contents are in the warehouse."""
        given = {f"digest_{number}": digest for number, digest in enumerate(digests)}
        if not given:
            return set()
        listed = ", ".join(f":{name}" for name in given)
        sql = f"select distinct file_digest from {self._relation(LOADS)} where file_digest in ({listed})"
        return {str(digest) for (digest,) in self._warehouse.rows(sql, **given)}

    def land(self, name: str, batches: Iterable[pa.RecordBatch], loads: Sequence[Load]) -> Loaded:
        """Land rows; those of a load that is in the warehouse already land nothing.

        Nothing is in the tables until all is, whenever this process is killed.

        Args:
            name: of the staging, the same for the same rows.
            batches: with BULK_COLUMNS.
            loads: those of the rows; it may be filled while the batches are taken.

        Raises:
            WarehouseError: the warehouse refused the rows.
        """
        staged = stage_in_memory(self._warehouse, name, "raw", BULK_COLUMNS, batches)
        try:
            if not loads:
                return Loaded()
            new = self._count_new(staged, min(load.loaded_at for load in loads))
            rows = [self._manifest(load, new.get(load.load_id, 0)) for load in loads]
            self._warehouse.apply(
                [
                    Statement(self._insert_events(staged)),
                    Statement(self._insert_rejected(staged)),
                    *map(self._insert_loads, _parts(rows)),
                ]
            )
        finally:
            self._warehouse.drop(staged)
        reasons = sum((load.counts.reasons for load in loads), start=Counts().reasons)
        return Loaded(
            sum(row["read"] for row in rows),
            sum(row["landed"] for row in rows),
            sum(row["duplicates"] for row in rows),
            sum(row["rejected"] for row in rows),
            dict(reasons),
            sum(load.unusable_phones for load in loads),
        )

    def _count_new(self, staged: str, first: datetime) -> dict[str, int]:
        """How many events of each load are new: in no load of the group before it, nor in the table.

        The table is asked for what was landed in the last week only: a retry comes within hours, and a look
        at everything that was ever landed would cost more with each load.
        """
        found = self._warehouse.rows(
            f"""
            with ranked as (
                select
                    source_id,
                    event_id,
                    load_id,
                    row_number() over (partition by source_id, event_id order by loaded_at) as rank_of_load
                from {staged}
                where reason is null
            ),

            known as (
                select distinct source_id, event_id
                from {self._relation(EVENTS)}
                where
                    loaded_at >= :since
                    and event_id in (select event_id from {staged} where reason is null)
            )

            select ranked.load_id, count(*)
            from ranked
            left join known
                on ranked.source_id = known.source_id and ranked.event_id = known.event_id
            where
                ranked.rank_of_load = 1
                and known.event_id is null
            group by ranked.load_id
            """,
            since=first - _DUPLICATES_WITHIN,
        )
        return {str(load_id): int(count) for load_id, count in found}

    def _manifest(self, load: Load, new: int) -> dict[str, Any]:
        counts = load.counts
        return {
            "load_id": load.load_id,
            "source_id": load.source_id,
            "file_name": load.file_name,
            "file_digest": load.file_digest,
            "loaded_at": load.loaded_at,
            "read": counts.read,
            "landed": new,
            "duplicates": counts.read - counts.rejected - new,
            "rejected": counts.rejected,
        }

    def _insert_events(self, staged: str) -> str:
        values = staged_values(self._warehouse)
        return f"""
            insert into {self._relation(EVENTS)} ({", ".join(values)})
            select {", ".join(values.values())}
            from {staged}
            where
                reason is null
                and {self._not_loaded()}
        """

    def _insert_rejected(self, staged: str) -> str:
        return f"""
            insert into {self._relation(REJECTED)} ({", ".join(REJECTED_COLUMNS)})
            select {", ".join(REJECTED_COLUMNS)}
            from {staged}
            where
                reason is not null
                and {self._not_loaded()}
        """

    def _insert_loads(self, rows: Sequence[dict[str, Any]]) -> Statement:
        parameters: dict[str, Any] = {}
        selects = []
        for number, row in enumerate(rows):
            parameters |= {f"{name}_{number}": value for name, value in row.items()}
            selects.append("select " + ", ".join(f":{name}_{number} as {name}" for name in LOAD_COLUMNS))
        sql = f"""
            insert into {self._relation(LOADS)} ({", ".join(LOAD_COLUMNS)})
            select {", ".join(LOAD_COLUMNS)}
            from ({" union all ".join(selects)}) as given
            where {self._not_loaded()}
        """
        return Statement(sql, parameters)

    def _not_loaded(self) -> str:
        """Makes the transaction harmless when it is sent again, its first answer having been lost."""
        return f"load_id not in (select loads.load_id from {self._relation(LOADS)} as loads)"

    def _relation(self, name: str) -> str:
        return self._warehouse.relation(name, "raw")


def _parts(rows: Sequence[dict[str, Any]]) -> Iterable[Sequence[dict[str, Any]]]:
    for start in range(0, len(rows), _LOADS_PER_STATEMENT):
        yield rows[start : start + _LOADS_PER_STATEMENT]
