"""DuckDB: one file, one writer.

Every open result has a cursor of its own, because a second statement on the same connection cuts a result
short: DuckDB 1.5 does so without an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Area, Columns, Engine, LogicalType, Statement
from segmentloom_sync.warehouse.duckdb_open import SCRATCH, identifier
from segmentloom_sync.warehouse.duckdb_pandas import without_pandas
from segmentloom_sync.warehouse.parameters import bind, without_zone
from segmentloom_sync.warehouse.refusal import refusal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_TYPES: Mapping[LogicalType, str] = {
    "string": "varchar",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "date": "date",
    "json": "json",
}
_ROWS_PER_ARROW_BATCH = 10_000

T = TypeVar("T")


class DuckDb:
    """`Warehouse` on a DuckDB connection.

    Args:
        connection: an open database whose current database holds our schemas.
        schema: the dbt target's schema.
        release: called once the connection is closed.
        may_take_more: its memory_limit is ours, and given up for what does not work with it.
    """

    engine: ClassVar[Engine] = "duckdb"

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        release: Callable[[], None],
        *,
        may_take_more: bool = False,
    ) -> None:
        self.schema = schema
        self._connection = connection
        self._release: Callable[[], None] | None = release
        self._held: set[str] = set()
        self._may_take_more = may_take_more
        self._database = str(connection.execute("select current_database()").fetchall()[0][0])

    def relation(self, name: str, area: Area = "") -> str:
        return ".".join(map(identifier, (self._database, self._schema_of(area), name)))

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        text, values = _bound(sql, parameters)
        with _refusals("a query"):
            return self._with_enough_memory(lambda: self._fetched(text, values))

    def estimated_bytes(self, query: Statement) -> int | None:
        return None

    def batches(self, sql: str, size: int, **parameters: Any) -> Iterator[pa.RecordBatch]:
        # DuckDB streams a relation, but one with parameters it holds in memory: they become variables.
        text, names = bind(sql, parameters, lambda name: f"getvariable('{name}')", backslash_escapes=False)
        cursor = self._connection.cursor()
        try:
            with _refusals("a query"):
                with without_pandas():
                    for name in names:
                        cursor.execute(
                            f"set variable {name} = $value", {"value": without_zone(parameters[name])}
                        )
                reader = cursor.sql(text).to_arrow_reader(_ROWS_PER_ARROW_BATCH)
                yield from arrow.exactly(map(arrow.plain, reader), size)
        finally:
            cursor.close()

    def execute(self, sql: str, **parameters: Any) -> int:
        with _refusals("a statement"):
            return self._run(Statement(sql, parameters))

    def apply(self, statements: Sequence[Statement]) -> None:
        with _refusals("a change"):
            self._connection.execute("begin")
            try:
                for statement in statements:
                    self._run(statement)
                self._connection.execute("commit")
            except BaseException:
                self._connection.execute("rollback")
                raise

    def ensure_table(self, name: str, area: Area, columns: Columns) -> None:
        relation = self.relation(name, area)
        declared = [f"{identifier(column)} {_TYPES[kind]}" for column, kind in columns.items()]
        with _refusals(f"making {relation}"):
            self._create_schema(area)
            self._connection.execute(f"create table if not exists {relation} ({', '.join(declared)})")
            for column in declared:
                self._connection.execute(f"alter table {relation} add column if not exists {column}")

    def exists(self, name: str, area: Area = "") -> bool:
        found = self.rows(
            "select 1 from information_schema.tables "
            "where table_catalog = :database and table_schema = :schema and table_name = :name",
            database=self._database,
            schema=self._schema_of(area),
            name=name,
        )
        return bool(found)

    def stage(self, name: str, area: Area, columns: Columns, batches: Iterable[pa.RecordBatch]) -> str:
        import pyarrow as pa

        relation = self._scratch(name, area)
        wanted = arrow.schema(columns)
        declared = ", ".join(
            f"{identifier(column)} {_TYPES['string' if kind == 'json' else kind]}"
            for column, kind in columns.items()
        )
        listed = ", ".join(map(identifier, columns))
        with _refusals(f"staging {name}"):
            self._connection.execute(f"create or replace table {relation} ({declared})")
            for batch in batches:
                self._connection.register("staged_rows", pa.Table.from_batches([_shaped(batch, wanted)]))
                self._connection.execute(f"insert into {relation} select {listed} from staged_rows")
                self._connection.unregister("staged_rows")
        return relation

    def stage_in_memory(
        self, name: str, area: Area, columns: Columns, batches: Iterable[pa.RecordBatch]
    ) -> str:
        """As `stage`, for rows that fit in memory: they stay there, without a copy.

        Only `rows`, `execute` and `apply` of this connection see them.
        """
        import pyarrow as pa

        wanted = arrow.schema(columns)
        rows = [_shaped(batch, wanted) for batch in batches]
        held = f"{self._schema_of(area)}__{name}"
        with _refusals(f"staging {name}"):
            self._connection.register(held, pa.Table.from_batches(rows, schema=arrow.without_zones(wanted)))
        self._held.add(identifier(held))
        return identifier(held)

    def scratch_table_as(self, name: str, area: Area, query: Statement) -> str:
        relation = self._scratch(name, area)
        with _refusals(f"filling {name}"):
            statement = Statement(f"create or replace table {relation} as {query.sql}", query.parameters)
            self._with_enough_memory(lambda: self._run(statement))
        return relation

    def drop(self, relation: str) -> None:
        if relation in self._held:
            self._held.remove(relation)
            self._connection.unregister(relation[1:-1].replace('""', '"'))
            return
        with _refusals(f"dropping {relation}"):
            self._connection.execute(f"drop table if exists {relation}")

    def drop_schema(self, area: Literal["plan"]) -> None:
        schema = ".".join(map(identifier, (self._database, self._schema_of(area))))
        with _refusals(f"dropping {schema}"):
            self._connection.execute(f"drop schema if exists {schema} cascade")

    def json_from_text(self, expression: str) -> str:
        return f"cast({expression} as json)"

    def sha256_hex(self, expression: str) -> str:
        return f"sha256({expression})"

    def close(self) -> None:
        if self._release is None:
            return
        release, self._release = self._release, None
        try:
            self._connection.close()
        finally:
            release()

    def _schema_of(self, area: Area) -> str:
        return f"{self.schema}_{area}" if area else self.schema

    def _scratch(self, name: str, area: Area) -> str:
        return f"{SCRATCH}.main.{identifier(f'{self._schema_of(area)}__{name}')}"

    def _create_schema(self, area: Area) -> None:
        schema = ".".join(map(identifier, (self._database, self._schema_of(area))))
        self._connection.execute(f"create schema if not exists {schema}")

    def _fetched(self, text: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        with without_pandas():
            result = self._connection.execute(text, values)
            rows: list[tuple[Any, ...]] = result.fetchall()
        if any(str(column[1]).startswith("TIMESTAMP") for column in result.description or []):
            return [tuple(map(_outgoing, row)) for row in rows]
        return rows

    def _with_enough_memory(self, work: Callable[[], T]) -> T:
        """Work outside of transactions; what does not fit into our limit is done again with DuckDB's own."""
        import duckdb

        try:
            return work()
        except duckdb.OutOfMemoryException:
            if not self._may_take_more:
                raise
        self._may_take_more = False
        # Resetting names DuckDB's own limit, and only setting it applies it.
        [(limit,)] = self._connection.execute(
            "reset memory_limit; select current_setting('memory_limit')"
        ).fetchall()
        self._connection.execute(f"set memory_limit = '{limit}'")
        return work()

    def _run(self, statement: Statement) -> int:
        text, values = _bound(statement.sql, statement.parameters)
        with without_pandas():
            result = self._connection.execute(text, values)
        if [column[0] for column in result.description or []] != ["Count"]:
            result.fetchall()
            return 0
        return sum(int(row[0]) for row in result.fetchall())


def _shaped(batch: pa.RecordBatch, wanted: pa.Schema) -> pa.RecordBatch:
    """The batch as the engine takes it: turning times with a zone into its own would take it long."""
    return batch.select(wanted.names).cast(wanted).cast(arrow.without_zones(wanted))


def _bound(sql: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    text, names = bind(sql, parameters, lambda name: f"${name}", backslash_escapes=False)
    return text, {name: without_zone(parameters[name]) for name in names}


def _outgoing(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value


@contextmanager
def _refusals(doing: str) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise refusal(error, doing=doing) from None
    except RuntimeError as error:
        # What a signal's handler raises while DuckDB works, Ctrl-C for one, comes out of it as this.
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise
