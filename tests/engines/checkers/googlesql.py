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

import wasmtime
from entries import Statement, Table, entries, report

ENGINE = wasmtime.Engine


def engine_with_disk_cache(config: wasmtime.Config | None = None) -> Any:
    """Compiling the analyser takes some 15 s, reading it compiled a third of one."""
    config = config or wasmtime.Config()
    config.cache = True
    return ENGINE(config)


wasmtime.Engine = engine_with_disk_cache

from zetasql.api import Analyzer, CatalogBuilder, Parser, TableBuilder  # noqa: E402 - reads wasmtime.Engine
from zetasql.types import AnalyzerOptions, LanguageOptions, TypeKind, ZetaSQLBuiltinFunctionOptions  # noqa: E402

KINDS = {
    "BOOL": TypeKind.TYPE_BOOL,
    "BOOLEAN": TypeKind.TYPE_BOOL,
    "BYTES": TypeKind.TYPE_BYTES,
    "DATE": TypeKind.TYPE_DATE,
    "DATETIME": TypeKind.TYPE_DATETIME,
    "FLOAT": TypeKind.TYPE_DOUBLE,
    "FLOAT64": TypeKind.TYPE_DOUBLE,
    "INT64": TypeKind.TYPE_INT64,
    "INTEGER": TypeKind.TYPE_INT64,
    "JSON": TypeKind.TYPE_JSON,
    "NUMERIC": TypeKind.TYPE_NUMERIC,
    "STRING": TypeKind.TYPE_STRING,
    "TIMESTAMP": TypeKind.TYPE_TIMESTAMP,
}
SCRIPT = re.compile(r"^\s*(declare|begin)\b", re.IGNORECASE)
METADATA = re.compile(r"\binformation_schema\b", re.IGNORECASE)
QUOTED_PARTS = re.compile(r"`([^`]+)`\s*\.\s*`([^`]+)`\s*\.\s*`?([A-Za-z0-9_]+)`?")
PATH = re.compile(r"`([^`]+\.[^`]+\.[^`]+)`")

LANGUAGE = LanguageOptions.maximum_features()


def analyse(statement: Statement, tables: dict[str, Table]) -> None:
    """Raise when BigQuery would refuse the statement; of scripts and metadata only the syntax counts."""
    sql = QUOTED_PARTS.sub(r"`\1.\2.\3`", statement.sql).strip().rstrip(";")
    if SCRIPT.search(sql):
        Parser(LANGUAGE).parse_script(sql + ";")
    elif METADATA.search(sql):
        Parser(LANGUAGE).parse_statement(sql)
    else:
        used = [tables[name] for name in dict.fromkeys(PATH.findall(sql)) if name in tables]
        options = AnalyzerOptions(language_options=LANGUAGE, allow_undeclared_parameters=True)
        Analyzer(options, catalog(used)).analyze_statement(sql)


def catalog(tables: list[Table]) -> Any:
    """A catalogue of the tables that one statement names: a small one is read faster than all of them."""
    builder = CatalogBuilder("emulator")
    for table in tables:
        built = TableBuilder(table.name)
        for name, kind, mode in table.columns:
            if mode == "REPEATED":
                raise ValueError(
                    f"column {name} of {table.name} is an array, which this checker does not know"
                )
            built.add_column(name, KINDS[kind])
        builder.add_table(built.build())
    functions = ZetaSQLBuiltinFunctionOptions(language_options=LANGUAGE)
    return builder.with_builtin_functions(functions).build()


def refused(journal: str) -> Iterator[tuple[Statement, str]]:
    """Each statement with BigQuery's objection, or "" where there is none."""
    tables: dict[str, Table] = {}
    for entry in entries(journal):
        if isinstance(entry, Table):
            tables[entry.name] = entry
            continue
        try:
            analyse(entry, tables)
        except Exception as error:
            yield entry, str(error)
        else:
            yield entry, ""


if __name__ == "__main__":
    sys.exit(report(refused(sys.argv[1])))
