"""JSON_TYPE: bqemulator 1.4.0 answers with DuckDB's names of the types of texts and numbers."""

from __future__ import annotations

from bqemulator.sql.rules.datetime_semantics import JsonTypeLowerRule
from sqlglot import exp

NAMES = {
    "varchar": "string",
    "ubigint": "number",
    "bigint": "number",
    "hugeint": "number",
    "double": "number",
}


def name_json_types_as_the_service_does() -> None:
    """Make the emulator call texts `string` and numbers `number`."""
    JsonTypeLowerRule.rewrite = _rewrite


def _rewrite(_: JsonTypeLowerRule, node: exp.Expression) -> exp.Expression:
    case = exp.Case(this=exp.Lower(this=node.copy()))
    for theirs, ours in NAMES.items():
        case = case.when(exp.Literal.string(theirs), exp.Literal.string(ours))
    return case.else_(exp.Lower(this=node.copy()))
