"""Counts every input and output of a run, and ends the run at the n-th as a killed process would."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from segmentloom_sync.warehouse.base import Area, Columns, Engine, Statement, Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


class Killed(BaseException):
    """The process is dead: nothing after this can do anything."""


@dataclass
class Fuse:
    """Burns at the n-th operation and stays burnt until it is replaced.

    Args:
        during: called with the number of each operation before it happens.
    """

    at: int | None = None
    count: int = 0
    during: Callable[[int], None] = lambda number: None

    def burn(self) -> None:
        """Count an operation that takes no time, so that nothing can happen meanwhile."""
        self.count += 1
        if self.at is not None and self.count >= self.at:
            raise Killed

    def pass_through(self) -> None:
        self.burn()
        self.during(self.count)


@dataclass
class FusedWarehouse:
    """A warehouse behind a fuse. A statement happens, or it does not: the fuse is before it."""

    engine: ClassVar[Engine] = "duckdb"
    inner: Warehouse
    fuse: Fuse = field(default_factory=Fuse)
    schema: str = "segmentloom"

    def relation(self, name: str, area: Area = "") -> str:
        return self.inner.relation(name, area)

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        self.fuse.pass_through()
        return self.inner.rows(sql, **parameters)

    def estimated_bytes(self, query: Statement) -> int | None:
        self.fuse.pass_through()
        return self.inner.estimated_bytes(query)

    def batches(self, sql: str, size: int, **parameters: Any) -> Iterator[pa.RecordBatch]:
        self.fuse.pass_through()
        return self.inner.batches(sql, size, **parameters)

    def execute(self, sql: str, **parameters: Any) -> int:
        self.fuse.pass_through()
        return self.inner.execute(sql, **parameters)

    def apply(self, statements: Sequence[Statement]) -> None:
        self.fuse.pass_through()
        self.inner.apply(statements)

    def ensure_table(self, name: str, area: Area, columns: Columns) -> None:
        self.inner.ensure_table(name, area, columns)

    def exists(self, name: str, area: Area = "") -> bool:
        self.fuse.pass_through()
        return self.inner.exists(name, area)

    def stage(self, name: str, area: Area, columns: Columns, batches: Iterable[pa.RecordBatch]) -> str:
        self.fuse.pass_through()
        return self.inner.stage(name, area, columns, batches)

    def scratch_table_as(self, name: str, area: Area, query: Statement) -> str:
        self.fuse.pass_through()
        return self.inner.scratch_table_as(name, area, query)

    def drop(self, relation: str) -> None:
        self.fuse.pass_through()
        self.inner.drop(relation)

    def drop_schema(self, area: Literal["plan"]) -> None:
        self.fuse.pass_through()
        self.inner.drop_schema(area)

    def json_from_text(self, expression: str) -> str:
        return self.inner.json_from_text(expression)

    def sha256_hex(self, expression: str) -> str:
        return self.inner.sha256_hex(expression)

    def close(self) -> None:
        self.inner.close()


@dataclass
class OthersWarehouse(FusedWarehouse):
    """The warehouse as another process has it: with scratch tables of its own."""

    def stage(self, name: str, area: Area, columns: Columns, batches: Iterable[pa.RecordBatch]) -> str:
        return super().stage(f"others_{name}", area, columns, batches)

    def scratch_table_as(self, name: str, area: Area, query: Statement) -> str:
        return super().scratch_table_as(f"others_{name}", area, query)
