"""Reads what a relation is, and some of its rows as the events that they would become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.sources.recognise import Place, recognise
from segmentloom_sync.warehouse.base import Warehouse

ROWS = 10
COLUMNS = (
    *("event_id", "type", "event", "occurred_at", "anonymous_id", "user_id", "previous_id", "email"),
    *("properties", "traits", "reason"),
)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found.

    Attributes:
        source: an entry for the var `segmentloom_sources`.
        rows: up to ten deliveries, each with the columns COLUMNS. Personal data: mask it before it is shown.
    """

    source: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]


def inspect(project: Project, warehouse: Warehouse, relation: str) -> Inspected:
    """Look at a table or a schema, and map ten rows.

    Args:
        relation: `schema.table`, `database.schema.table`, or a schema with or without its database.

    Raises:
        ConfigError: there is no such relation, or nothing in it can be an event.
        WarehouseError: the warehouse refuses the mapped query.
    """
    found = _Finder(project, warehouse)
    place, tables = found.place_of(relation)
    source = recognise(place, tables, "`" if warehouse.engine == "bigquery" else '"')
    return Inspected(source, inspect_source(project, warehouse, source))


def inspect_source(project: Project, warehouse: Warehouse, source: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Up to ten deliveries of an entry of `segmentloom_sources`, each with the columns COLUMNS.

    Raises:
        ConfigError: the entry is wrong.
        WarehouseError: the warehouse refuses the query.
    """
    renderer = _Finder(project, warehouse).renderer({"segmentloom_sources": [source]})
    deliveries = renderer.render("deliveries", None, [source["name"]])
    rows = warehouse.rows(f"select {', '.join(COLUMNS)} from ({deliveries}) as deliveries limit {ROWS}")
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


@dataclass(frozen=True, slots=True)
class _Relation:
    """As dbt's own, as far as macros of sources ask."""

    database: str
    schema: str
    identifier: str
    is_cte: bool = False

    @classmethod
    def create(cls, database: str, schema: str, identifier: str) -> _Relation:
        return cls(database, schema, identifier)

    def __str__(self) -> str:
        return f"{self.database}.{self.schema}.{self.identifier}"


class _Finder:
    def __init__(self, project: Project, warehouse: Warehouse) -> None:
        self._project = project
        self._warehouse = warehouse
        self._database = warehouse.relation("events").replace('"', "").replace("`", "").split(".")[0]

    def renderer(self, variables: Mapping[str, Any]) -> MacroRenderer:
        """Renders what reads sources, over this warehouse."""
        target = SimpleNamespace(
            type=self._warehouse.engine,
            name=self._project.target,
            schema=self._warehouse.schema,
            database=self._database,
        )
        names = {
            "execute": True,
            "run_query": lambda sql: SimpleNamespace(rows=self._warehouse.rows(sql)),
            "api": SimpleNamespace(Relation=_Relation),
            "target": target,
        }
        return MacroRenderer(self._project, self._warehouse, variables=variables, names=names)

    def place_of(self, relation: str) -> tuple[Place, dict[str, dict[str, str]]]:
        """What a name means, a table before a schema, and the columns there."""
        parts = relation.split(".")
        if "" in parts or len(parts) > 3:
            raise ConfigError(f"{relation!r} is no relation", hint="write schema.table, or a schema")
        if len(parts) > 1:
            database = parts[0] if len(parts) == 3 else self._database
            tables = self._tables(database, parts[-2], parts[-1])
            if tables:
                return Place(".".join(parts[:-1]), parts[-1]), tables
        if len(parts) < 3:
            database = parts[0] if len(parts) == 2 else self._database
            tables = self._tables(database, parts[-1])
            if tables:
                return Place(relation, None), tables
        raise ConfigError(
            f"there is no table or schema {relation} that this role can see",
            hint=f"write schema.table, database.schema.table or a schema; the database is {self._database}",
        )

    def _tables(self, database: str, schema: str, name: str | None = None) -> dict[str, dict[str, str]]:
        query = self.renderer({}).render("columns_query", database, schema, name)
        tables: dict[str, dict[str, str]] = {}
        for _, _, table, column, kind in self._warehouse.rows(query):
            tables.setdefault(table.lower(), {})[column] = kind.lower()
        return tables
