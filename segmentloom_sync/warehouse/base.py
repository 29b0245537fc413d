"""What the runner needs of a warehouse, in few words, the same for every engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Engine = Literal["duckdb", "bigquery", "snowflake"]
Area = Literal["", "raw", "sync", "privacy", "plan"]
"""Which schema: "" is the dbt target's own (`S`), the others are `S_raw`, `S_sync`, `S_privacy` and `S_plan`.
The last is there only while something is compared with a second build."""

LogicalType = Literal["string", "integer", "number", "boolean", "timestamp", "date", "json"]
Columns = Mapping[str, LogicalType]


class Statement(NamedTuple):
    """One SQL statement with named parameters, written `:name` in the text on every engine."""

    sql: str
    parameters: Mapping[str, Any] = {}


class Warehouse(Protocol):
    """A connection to the warehouse of the dbt target.

    SQL text is portable; parameters are written `:name` and bound by the driver, never pasted.
    Timestamps go in and come out as aware datetimes in UTC. All methods raise WarehouseError when the
    engine refuses, with a message free of row values.
    """

    engine: ClassVar[Engine]
    schema: str

    def relation(self, name: str, area: Area = "") -> str:
        """The full name of a relation of ours, as SQL text, e.g. `"db"."segmentloom_sync"."ledger"`."""
        ...

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """All rows of a small result."""
        ...

    def estimated_bytes(self, query: Statement) -> int | None:
        """What the engine says beforehand that a query will read; None when it does not say. Runs nothing."""
        ...

    def batches(self, sql: str, size: int, **parameters: Any) -> Iterator[pa.RecordBatch]:
        """Stream a large result in batches of exactly `size` rows (the last may be smaller).

        The result has a cursor of its own: other statements may run while it is read.
        """
        ...

    def execute(self, sql: str, **parameters: Any) -> int:
        """Run one statement; returns the number of rows it changed (0 where not applicable)."""
        ...

    def apply(self, statements: Sequence[Statement]) -> None:
        """Run statements all or none, in one transaction."""
        ...

    def ensure_table(self, name: str, area: Area, columns: Columns) -> None:
        """Create schema and table when missing, and add columns that are missing. Never drops anything."""
        ...

    def exists(self, name: str, area: Area = "") -> bool:
        """Whether a relation of ours exists."""
        ...

    def stage(self, name: str, area: Area, columns: Columns, batches: Iterable[pa.RecordBatch]) -> str:
        """Bulk-load rows into a fresh scratch table by the engine's bulk path and return its relation.

        `json` columns are staged as text; see `json_from_text`. The caller drops it with `drop`.
        An earlier scratch table of the same name is replaced, so a run that was killed leaves no harm.
        """
        ...

    def scratch_table_as(self, name: str, area: Area, query: Statement) -> str:
        """Keep the rows of a query in a fresh scratch table, as `stage` does, and return its relation.

        It never outlives the day, and its rows are in no history that the engine keeps.
        """
        ...

    def drop(self, relation: str) -> None:
        """Drop a scratch table if it exists."""
        ...

    def drop_schema(self, area: Literal["plan"]) -> None:
        """Drop a schema that nothing lasting is in, with all that it holds, if it exists."""
        ...

    def json_from_text(self, expression: str) -> str:
        """SQL that turns a text expression into the engine's JSON type."""
        ...

    def sha256_hex(self, expression: str) -> str:
        """SQL of the SHA-256 of a text expression, as 64 lower-case hex digits."""
        ...

    def close(self) -> None:
        """Close the connection and, on DuckDB, give the file's lock back."""
        ...
