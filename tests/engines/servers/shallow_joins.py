"""sqlglot parses nested BigQuery queries in time that grows with their size, not with size times depth."""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.parser import Parser

as_shipped = Parser._implicit_unnests_to_explicit


def look_at_names_only() -> None:
    """Make the parser ask what a comma join unnests without copying the subqueries that are joined.

    sqlglot 30.11 copies all of `from` at every level for its name alone, joins or no joins, and the emulator
    parses a statement a dozen times: one that reads an export took 20 seconds, most of them spent copying.
    """
    Parser._implicit_unnests_to_explicit = implicit_unnests_to_explicit


def implicit_unnests_to_explicit(self: Parser, this: Any) -> Any:
    """The same with each joined subquery replaced, for as long as it takes, by an empty one of its name."""
    joins = this.args.get("joins")
    if not joins:
        return this  # nothing is changed without joins
    put_aside = []
    for place in (this.args["from_"], *joins):
        subquery = place.this
        if isinstance(subquery, exp.Subquery):
            name = subquery.args.get("alias")
            place.set("this", exp.Subquery(this=exp.Select(), alias=name.copy() if name else None))
            put_aside.append((place, subquery))
    this = as_shipped(self, this)
    for place, subquery in put_aside:
        place.set("this", subquery)
    return this
