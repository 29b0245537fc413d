"""Analyses, with the real GoogleSQL analyser, every statement that the BigQuery emulator was asked to run.

The emulator is another engine behind a translator and takes much that BigQuery refuses; the analyser knows
BigQuery's own names, types and rules. Runs in the environment `check`: python googlesql.py JOURNAL
Prints the statements that BigQuery would refuse and their number; the exit status is 1 when there are any.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import googlesql_cached  # noqa: F401 - before zetasql
from entries import Statement, Table, entries, report
from google._upb._message import SetAllowOversizeProtos
from googlesql_tables import LANGUAGE, Tables, type_named
from zetasql.api import Analyzer, Parser
from zetasql.types import AnalyzerOptions

SCRIPT = re.compile(r"^\s*(declare|begin)\b", re.IGNORECASE)
BOUNDS = {"ASTBeginStatement", "ASTCommitStatement", "ASTRollbackStatement"}
PROCEDURAL = {
    "ASTVariableDeclaration",
    "ASTBeginEndBlock",
    "ASTIfStatement",
    "ASTWhileStatement",
    "ASTSingleAssignment",
}
METADATA = re.compile(r"\binformation_schema\b", re.IGNORECASE)
# The service calls what is deleted from or updated by the last part of its path; the analyser by the path.
CHANGED_TABLE = re.compile(
    r"^(delete\s+from|update)\s+`([^`]+\.([^`.]+))`(?=\s+(where|set)\b)", re.IGNORECASE
)
QUOTED_PARTS = re.compile(r"`([^`]+)`\s*\.\s*`([^`]+)`\s*\.\s*`?([A-Za-z0-9_]+)`?")


def verdicts(journal: str) -> Iterator[tuple[Statement, str]]:
    """Each statement with BigQuery's objection, or "" where there is none."""
    tables = Tables()
    for entry in entries(journal):
        if isinstance(entry, Table):
            tables.reported(entry)
            continue
        try:
            analyse(entry, tables)
        except Exception as error:
            yield entry, str(error)
        else:
            yield entry, ""


def analyse(statement: Statement, tables: Tables) -> None:
    """Raise when BigQuery would refuse the statement; of metadata only the syntax counts."""
    sql = QUOTED_PARTS.sub(r"`\1.\2.\3`", statement.sql).strip().rstrip(";")
    sql = CHANGED_TABLE.sub(r"\1 `\2` as `\3`", sql)
    if SCRIPT.search(sql):
        for part in parts_of_script(sql + ";"):
            analyse(statement._replace(sql=part), tables)
    elif METADATA.search(sql):
        Parser(LANGUAGE).parse_statement(sql)
    else:
        options = AnalyzerOptions(
            language_options=LANGUAGE,
            query_parameters=[parameter(given) for given in statement.parameters],
        )
        tables.resolved(Analyzer(options, tables.catalog(sql)).analyze_statement(sql))


def parts_of_script(sql: str) -> list[str]:
    """The statements of a transaction; none of a script that has variables or branches: its syntax counts."""
    text = sql.encode()
    parts = Parser(LANGUAGE).parse_script(sql).statement_list_node.statement_list
    kinds = [type(part).__name__ for part in parts]
    if not set(kinds).isdisjoint(PROCEDURAL):
        return []
    ranges = [
        part.parse_location_range for part, kind in zip(parts, kinds, strict=True) if kind not in BOUNDS
    ]
    return [text[place.start : place.end].decode() for place in ranges]


def parameter(given: dict[str, Any]) -> Any:
    """A query parameter of the BigQuery API, as the analyser takes it."""
    kind = given["parameterType"]
    repeated = kind["type"] == "ARRAY"
    name = kind["arrayType"]["type"] if repeated else kind["type"]
    return AnalyzerOptions.QueryParameter(name=given["name"], type=type_named(name, repeated=repeated))


if __name__ == "__main__":
    SetAllowOversizeProtos(True)  # an analysed statement is a tree; with many columns joined by || a deep one
    sys.exit(report(verdicts(sys.argv[1])))
