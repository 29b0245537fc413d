"""Snowflake, through its connector: parameters bound by the server, rows in by PUT and COPY.

Names are written without quotes, as dbt-snowflake writes them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from segmentloom_sync.errors import WarehouseAccessError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Area, Columns, Engine, LogicalType, Statement
from segmentloom_sync.warehouse.parameters import bind, changes_rows, without_zone
from segmentloom_sync.warehouse.refusal import refusal
from segmentloom_sync.warehouse.snowflake_credentials import login

if TYPE_CHECKING:
    import pyarrow as pa
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

_TYPES: Mapping[LogicalType, str] = {
    "string": "varchar",
    "integer": "number(38, 0)",
    "number": "float",
    "boolean": "boolean",
    "timestamp": "timestamp_ntz",
    "date": "date",
    "json": "variant",
}
_LOGIN_SECONDS = 60
_NETWORK_SECONDS = 300
_ROWS_PER_FILE = 50_000
_NO_HISTORY = "data_retention_time_in_days = 0"
_NOT_AUTHENTICATED = frozenset({250001, 251001, 390100, 390144, 390318, 394300})


def connect_snowflake(project: Project) -> Snowflake:
    """Log in with a project's target.

    Raises:
        ConfigError: the target lacks a setting.
        WarehouseAccessError: Snowflake refused who we are.
        WarehouseError: there is no connection.
    """
    import snowflake.connector

    arguments = login(project)
    with _refusals("the log-in"):
        connection = snowflake.connector.connect(
            **arguments,
            schema=project.schema,
            paramstyle="qmark",
            autocommit=True,
            application="segmentloom",
            login_timeout=_LOGIN_SECONDS,
            network_timeout=_NETWORK_SECONDS,
            client_session_keep_alive=bool(project.output.get("client_session_keep_alive")),
            session_parameters={
                "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False,
                "TIMEZONE": "UTC",
            },
        )
    return Snowflake(connection, str(project.output["database"]), project.schema)


class Snowflake:
    """`Warehouse` on Snowflake.

    Args:
        connection: the connector's, with `paramstyle="qmark"` and autocommit.
        database: the database that holds our schemas.
        schema: the dbt target's schema.
    """

    engine: ClassVar[Engine] = "snowflake"

    def __init__(self, connection: SnowflakeConnection, database: str, schema: str) -> None:
        self.schema = schema
        self._connection = connection
        self._database = database

    def relation(self, name: str, area: Area = "") -> str:
        return f"{self._database}.{self._schema_of(area)}.{name}"

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with _refusals("a query"), self._cursor(sql, parameters) as cursor:
            kinds = [_kind(column.type_code) for column in cursor.description]
            return [
                tuple(_outgoing(value, kind) for value, kind in zip(row, kinds, strict=True))
                for row in cursor
            ]

    def estimated_bytes(self, query: Statement) -> int | None:
        return None

    def batches(self, sql: str, size: int, **parameters: Any) -> Iterator[pa.RecordBatch]:
        with _refusals("a query"), self._cursor(sql, parameters) as cursor:
            parts = (batch for table in cursor.fetch_arrow_batches() for batch in table.to_batches())
            yield from arrow.exactly(map(_lower_names, map(arrow.plain, parts)), size)

    def execute(self, sql: str, **parameters: Any) -> int:
        with _refusals("a statement"), self._cursor(sql, parameters) as cursor:
            return max(int(cursor.rowcount or 0), 0) if changes_rows(sql) else 0

    def apply(self, statements: Sequence[Statement]) -> None:
        with _refusals("a change"):
            self._run("begin")
            try:
                for statement in statements:
                    self._run(statement.sql, statement.parameters)
                self._run("commit")
            except BaseException:
                self._run("rollback")
                raise

    def ensure_table(self, name: str, area: Area, columns: Columns) -> None:
        relation = self.relation(name, area)
        declared = [f"{column} {_TYPES[kind]}" for column, kind in columns.items()]
        with _refusals(f"making {relation}"):
            self._create_schema(area)
            self._run(f"create table if not exists {relation} ({', '.join(declared)})")
        known = self.rows(
            f"select lower(column_name) from {self._database}.information_schema.columns "
            "where table_schema = upper(:schema) and table_name = upper(:name)",
            schema=self._schema_of(area),
            name=name,
        )
        with _refusals(f"widening {relation}"):
            for column, text in zip(columns, declared, strict=True):
                if (column,) not in known:
                    self._run(f"alter table {relation} add column {text}")

    def exists(self, name: str, area: Area = "") -> bool:
        # Snowflake has views among the tables; an emulator keeps them apart.
        found = self.rows(
            " union all ".join(
                f"select 1 from {self._database}.information_schema.{listed} "
                "where table_schema = upper(:schema) and table_name = upper(:name)"
                for listed in ("tables", "views")
            ),
            schema=self._schema_of(area),
            name=name,
        )
        return bool(found)

    def stage(self, name: str, area: Area, columns: Columns, batches: Iterable[pa.RecordBatch]) -> str:
        relation = self.relation(name, area)
        place = f"@{self._database}.{self._schema_of(area)}.%{name}"
        declared = ", ".join(
            f"{column} {_TYPES['string' if kind == 'json' else kind]}" for column, kind in columns.items()
        )
        wanted = arrow.schema(columns)
        with _refusals(f"staging {name}"):
            self._create_schema(area)
            self._run(f"create or replace transient table {relation} ({declared}) {_NO_HISTORY}")
            shaped = (batch.select(wanted.names).cast(wanted) for batch in batches)
            number = 0
            for number, batch in enumerate(arrow.exactly(shaped, _ROWS_PER_FILE), start=1):
                self._put(batch, f"{number:06}.parquet", place)
            if number:
                self._run(
                    f"copy into {relation} from {place} "
                    "file_format = (type = parquet use_logical_type = true) "
                    "match_by_column_name = case_insensitive on_error = abort_statement"
                )
        return relation

    def scratch_table_as(self, name: str, area: Area, query: Statement) -> str:
        relation = self.relation(name, area)
        with _refusals(f"filling {name}"):
            self._create_schema(area)
            self._run(
                f"create or replace transient table {relation} {_NO_HISTORY} as {query.sql}", query.parameters
            )
        return relation

    def drop(self, relation: str) -> None:
        with _refusals(f"dropping {relation}"):
            self._run(f"drop table if exists {relation}")

    def drop_schema(self, area: Literal["plan"]) -> None:
        schema = f"{self._database}.{self._schema_of(area)}"
        with _refusals(f"dropping {schema}"):
            self._run(f"drop schema if exists {schema} cascade")

    def json_from_text(self, expression: str) -> str:
        return f"parse_json({expression})"

    def sha256_hex(self, expression: str) -> str:
        return f"sha2({expression}, 256)"

    def close(self) -> None:
        with _refusals("closing the session"):
            self._connection.close()

    def _schema_of(self, area: Area) -> str:
        return f"{self.schema}_{area}" if area else self.schema

    def _create_schema(self, area: Area) -> None:
        self._run(f"create schema if not exists {self._database}.{self._schema_of(area)}")

    def _put(self, batch: pa.RecordBatch, file_name: str, place: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as parquet

        # From memory, so that no rows lie in files of this machine.
        content = io.BytesIO()
        parquet.write_table(pa.Table.from_batches([batch]), content, coerce_timestamps="us")
        content.seek(0)
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"put 'file://{file_name}' {place} auto_compress = false overwrite = true",
                file_stream=content,
            )

    @contextmanager
    def _cursor(self, sql: str, parameters: Mapping[str, Any]) -> Iterator[SnowflakeCursor]:
        text, names = bind(sql, parameters, lambda _: "?", backslash_escapes=True)
        with self._connection.cursor() as cursor:
            cursor.execute(text, [without_zone(parameters[name]) for name in names])
            yield cursor

    def _run(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        with self._cursor(sql, parameters or {}):
            pass


def _outgoing(value: Any, kind: str) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if value is not None and kind in {"VARIANT", "OBJECT", "ARRAY"}:
        return json.dumps(json.loads(value), ensure_ascii=False, separators=(",", ":"))
    return value


def _kind(type_code: int) -> str:
    from snowflake.connector.constants import FIELD_ID_TO_NAME

    return str(FIELD_ID_TO_NAME[type_code])


def _lower_names(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.rename_columns([name.lower() for name in batch.schema.names])


@contextmanager
def _refusals(doing: str) -> Iterator[None]:
    import snowflake.connector.errors

    try:
        yield
    except snowflake.connector.errors.Error as error:
        if error.errno in _NOT_AUTHENTICATED:
            raise WarehouseAccessError(
                "Snowflake refused the credentials of the target",
                hint="check user, key and role in profiles.yml",
            ) from None
        raise refusal(error, doing=doing) from None
