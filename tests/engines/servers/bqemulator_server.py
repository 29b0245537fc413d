"""The BigQuery emulator (bqemulator 1.4.0 on DuckDB 1.5.5), made to start offline and run what dbt sends.

Runs in the environment `bqemulator`: python bqemulator_server.py REST_PORT GRPC_PORT PROJECT
"""

from __future__ import annotations

import re
import sys
from typing import Any

import sqlglot
from bqemulator.__main__ import main
from bqemulator.sql.translator import SQLTranslator
from bqemulator.storage.engine import DuckDBEngine
from sqlglot import exp
from until_orphaned import end_with_parent

CREATE_TABLE = re.compile(r"(?:\s|/\*.*?\*/)*create\s+(or\s+replace\s+)?table\b", re.IGNORECASE | re.DOTALL)

translate_as_shipped = SQLTranslator.translate


def skip(_: DuckDBEngine) -> None:
    """In place of loading an extension: DuckDB would download spatial and avro."""


def translate(self: SQLTranslator, sql: str, **options: Any) -> Any:
    """An enforced contract sends CREATE TABLE t (columns) AS query; DuckDB takes no column list there."""
    return translate_as_shipped(self, without_column_list(sql), **options)


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


if __name__ == "__main__":
    rest_port, grpc_port, project = sys.argv[1:]
    DuckDBEngine._load_spatial = skip
    DuckDBEngine._load_format_extensions = skip
    SQLTranslator.translate = translate
    end_with_parent()
    sys.argv[1:] = ["start", "--ephemeral", "--project", project, "--log-level", "warning"]
    sys.argv += ["--rest-port", rest_port, "--grpc-port", grpc_port]
    sys.exit(main())
