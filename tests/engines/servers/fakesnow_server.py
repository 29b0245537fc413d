"""The Snowflake emulator (fakesnow 0.12.1 on DuckDB 2.0), made to run what dbt-snowflake sends.

Runs in the environment `fakesnow`: python fakesnow_server.py PORT JOURNAL

JOURNAL becomes a file of JSON lines, one per statement, for the dialect checkers.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import fakesnow.arrow
import fakesnow.server
import fakesnow.transforms
import fakesnow.variables
import pyarrow as pa
import snowflake.connector.errors
import uvicorn
from fakesnow.cursor import FakeSnowflakeCursor
from journal import Journal
from sqlglot import exp
from until_orphaned import end_with_parent

COMMENT = r"(?:\s|/\*.*?\*/)*"

# Answered as done without being run: nothing here has owners or descriptions.
ABORTS_ON_ERROR = re.compile(
    rf"^{COMMENT}alter\s+session\s+set\s+transaction_abort_on_error\s*=\s*true\b", re.IGNORECASE
)
WITHOUT_EFFECT = [
    ABORTS_ON_ERROR.pattern,
    rf"^{COMMENT}alter\s+table\s+\S+\s+alter\b[\s\S]*\bcomment\b",
    rf"^{COMMENT}(grant|revoke)\b",
]

ROLLBACK = re.compile(rf"^{COMMENT}rollback\b", re.IGNORECASE)

# DuckDB makes no temporary relation with a qualified name.
TEMPORARY = re.compile(
    r"\b(create\s+(?:or\s+replace\s+)?)(?:local\s+|global\s+)?temp(?:orary)?\s+(?=table\b|view\b)",
    re.IGNORECASE,
)

# dbt reads the grants of what it built.
SHOW_GRANTS = re.compile(rf"^{COMMENT}show\s+grants\s+on\b[\s\S]*$", re.IGNORECASE)
NO_GRANTS = """select '' as "privilege", '' as "granted_to", '' as "grantee_name" where false"""

# DuckDB reads hexadecimal digits by their prefix, not by a format.
HEXADECIMAL = re.compile(r"\bto_number\(((?:(?!\bto_number\b).)+?), 'X+'\)", re.IGNORECASE | re.DOTALL)

execute_as_shipped = FakeSnowflakeCursor.execute
merge_as_shipped = fakesnow.transforms.merge
timestamps_as_shipped = fakesnow.arrow.timestamp_to_sf_struct
extract_comment_as_shipped = fakesnow.transforms.extract_comment_on_table


def execute(self: FakeSnowflakeCursor, command: str, *arguments: Any, **options: Any) -> FakeSnowflakeCursor:
    """Record the statement and run it."""
    with journal.statement(command, []):
        return execute_as_snowflake(self, command, *arguments, **options)


def execute_as_snowflake(
    self: FakeSnowflakeCursor, command: str, *arguments: Any, **options: Any
) -> FakeSnowflakeCursor:
    """Turn any failure into a Snowflake error: fakesnow's own HTTP 500 is asked again without end.

    DuckDB aborts a transaction that fails, Snowflake only where the session asks for it; elsewhere it goes
    on. Who lets it go on is told so: the next statement would be part of it, or commit half of it.
    """
    session = self._conn
    if getattr(session, "failed_in_transaction", False) and not ROLLBACK.match(command):
        session.failed_in_transaction = False
        raise snowflake.connector.errors.ProgrammingError(
            msg="the transaction that failed before was neither aborted nor rolled back", errno=9998
        )
    session.failed_in_transaction = False
    if ABORTS_ON_ERROR.match(command):
        session.aborts_on_error = True
    command = SHOW_GRANTS.sub(NO_GRANTS, TEMPORARY.sub(r"\1", command))
    command = HEXADECIMAL.sub(r"cast('0x' || \1 as bigint)", command)
    try:
        return execute_as_shipped(self, command, *arguments, **options)
    except snowflake.connector.errors.Error:
        after_failure(self)
        raise
    except Exception as error:
        after_failure(self)
        message = f"{type(error).__name__}: {error}"
        raise snowflake.connector.errors.ProgrammingError(
            msg=message, errno=9999, sqlstate="XX000"
        ) from error


def after_failure(cursor: FakeSnowflakeCursor) -> None:
    """Where errors abort transactions, do nothing: DuckDB refuses all but a rollback, as Snowflake does."""
    session = cursor._conn
    if getattr(session, "aborts_on_error", False):
        return
    try:
        cursor._duck_conn.rollback()
        session.failed_in_transaction = True
    except Exception as error:
        if "no transaction is active" not in str(error):
            raise


def merge(statement: exp.Expr) -> Any:
    """Qualify the columns of MERGE's INSERT ... VALUES: bare, as dbt leaves them, they are ambiguous."""
    if isinstance(statement, exp.Merge):
        source = statement.args["using"].alias or statement.args["using"].name
        for when in statement.args["whens"].expressions:
            then = when.args.get("then")
            if not when.args.get("matched") and isinstance(then, exp.Insert) and then.expression:
                for column in then.expression.find_all(exp.Column):
                    if not column.table:
                        column.set("table", exp.to_identifier(source))
    return merge_as_shipped(statement)


def extract_comment_on_table(statement: exp.Expr) -> Any:
    """Leave MERGE's helper table alone: its comment would write to a second database in one transaction."""
    table = statement.find(exp.Table) if isinstance(statement, exp.Create) else None
    if table is not None and table.name.lower() == "merge_candidates":
        return statement
    return extract_comment_as_shipped(statement)


def timestamps(values: pa.ChunkedArray) -> pa.StructArray:
    """Keep the missing ones missing: fakesnow sends them as 1970."""
    whole = values.combine_chunks()
    struct = timestamps_as_shipped(whole)
    fields = [struct.type.field(position) for position in range(struct.type.num_fields)]
    parts = [struct.field(position).fill_null(0) for position in range(struct.type.num_fields)]
    return pa.StructArray.from_arrays(parts, fields=fields, mask=whole.is_null())


def inline_variables(self: fakesnow.variables.Variables, sql: str) -> str:
    """Leave `$identify` in a text alone: fakesnow takes it for a session variable."""
    return sql


if __name__ == "__main__":
    port, journal_file = sys.argv[1:]
    journal = Journal(Path(journal_file))
    FakeSnowflakeCursor.execute = execute
    fakesnow.transforms.merge = merge
    fakesnow.arrow.timestamp_to_sf_struct = timestamps
    fakesnow.transforms.extract_comment_on_table = extract_comment_on_table
    fakesnow.variables.Variables.inline_variables = inline_variables
    fakesnow.server.shared_fs.nop_regexes = WITHOUT_EFFECT
    end_with_parent()
    uvicorn.run(fakesnow.server.app, host="127.0.0.1", port=int(port), log_level="info")
