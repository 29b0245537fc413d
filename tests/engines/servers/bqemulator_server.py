"""The BigQuery emulator (bqemulator 1.4.0 on DuckDB 1.5.5), made to start offline and run what dbt sends.

Runs in the environment `bqemulator`: python bqemulator_server.py REST_PORT GRPC_PORT PROJECT JOURNAL

JOURNAL becomes a file of JSON lines, one per statement and per new schema of a table, for the checkers.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import bqemulator.api.routes.jobs
import duckdb
import sqlglot
from bqemulator.__main__ import main
from bqemulator.catalog.memory_repository import MemoryCatalogRepository
from bqemulator.sql.translator import SQLTranslator
from bqemulator.storage.engine import DuckDBEngine
from journal import Journal
from json_types import name_json_types_as_the_service_does
from script_parameters import allow_parameters_in_scripts
from shallow_joins import look_at_names_only
from sqlglot import exp
from until_orphaned import end_with_parent

# DuckDB takes NUMERIC for a type with 3 digits after the point; the service has 9.
NUMERIC = re.compile(r"\bas numeric\)", re.IGNORECASE)

DROP_TABLE = "DROP TABLE "

CREATE_TABLE = re.compile(r"(?:\s|/\*.*?\*/)*create\s+(or\s+replace\s+)?table\b", re.IGNORECASE | re.DOTALL)

translate_as_shipped = SQLTranslator.translate
execute_as_shipped = DuckDBEngine.execute


def skip(_: DuckDBEngine) -> None:
    """In place of loading an extension: DuckDB would download spatial and avro."""


def execute(self: DuckDBEngine, sql: str, parameters: list[Any] | None = None) -> Any:
    """The service's API deletes a view as it does a table; DuckDB wants to be told which it is."""
    try:
        return execute_as_shipped(self, sql, parameters)
    except duckdb.CatalogException as error:
        if sql.startswith(DROP_TABLE) and "is of type View" in str(error):
            return execute_as_shipped(self, sql.replace(DROP_TABLE, "DROP VIEW ", 1), parameters)
        raise


def translate(self: SQLTranslator, sql: str, **options: Any) -> Any:
    """An enforced contract sends CREATE TABLE t (columns) AS query; DuckDB takes no column list there."""
    return translate_as_shipped(self, without_column_list(NUMERIC.sub("as numeric(38, 9))", sql)), **options)


def without_column_list(sql: str) -> str:
    """The statement without the column list of a CREATE TABLE ... AS; any other statement as it is."""
    if not CREATE_TABLE.match(sql):
        return sql
    try:
        statement = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    if isinstance(statement, exp.Create) and isinstance(statement.this, exp.Schema) and statement.expression:
        statement.set("this", statement.this.this)
        return str(statement.sql(dialect="bigquery"))
    return sql


def write_journal(journal: Journal) -> None:
    """Record every query job and every table that the emulator makes or changes."""
    execute = bqemulator.api.routes.jobs.execute_query_job
    create_table, update_table = MemoryCatalogRepository.create_table, MemoryCatalogRepository.update_table

    async def recorded_job(project: str, job: str, sql: str, parameters: Any, *rest: Any, **more: Any) -> Any:
        with journal.statement(sql, parameters or []):
            return await execute(project, job, sql, parameters, *rest, **more)

    def recorded_create(self: MemoryCatalogRepository, table: Any) -> Any:
        record_table(table)
        return create_table(self, table)

    def recorded_update(self: MemoryCatalogRepository, table: Any) -> Any:
        record_table(table)
        return update_table(self, table)

    def record_table(table: Any) -> None:
        name = f"{table.project_id}.{table.dataset_id}.{table.table_id}"
        journal.table(name, [column(field) for field in table.schema_.fields])

    def column(field: Any) -> list[Any]:
        inner = [column(inside) for inside in field.fields]
        return [field.name, inner or field.type, field.mode]

    bqemulator.api.routes.jobs.execute_query_job = recorded_job
    MemoryCatalogRepository.create_table = recorded_create
    MemoryCatalogRepository.update_table = recorded_update


if __name__ == "__main__":
    rest_port, grpc_port, project, journal_file = sys.argv[1:]
    DuckDBEngine._load_spatial = skip
    DuckDBEngine._load_format_extensions = skip
    DuckDBEngine.execute = execute
    SQLTranslator.translate = translate
    allow_parameters_in_scripts()
    look_at_names_only()
    name_json_types_as_the_service_does()
    write_journal(Journal(Path(journal_file)))
    end_with_parent()
    sys.argv[1:] = ["start", "--ephemeral", "--project", project, "--log-level", "warning"]
    sys.argv += ["--rest-port", rest_port, "--grpc-port", grpc_port]
    sys.exit(main())
