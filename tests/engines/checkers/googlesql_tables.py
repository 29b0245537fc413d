"""The tables that exist at each moment of a BigQuery journal, as the analyser wants to know them."""

from __future__ import annotations

import re
from typing import Any

import googlesql_cached  # noqa: F401 - before zetasql
from entries import Table
from zetasql.api import CatalogBuilder, TableBuilder
from zetasql.types import (
    ArrayType,
    LanguageOptions,
    SimpleCatalog,
    StructField,
    StructType,
    Type,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)

LANGUAGE = LanguageOptions.maximum_features()

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
# BigQuery's names beside ZetaSQL's own ("Data types" in its reference), as far as dbt writes them.
ALIASES = {"bigint": TypeKind.TYPE_INT64, "int": TypeKind.TYPE_INT64, "integer": TypeKind.TYPE_INT64}

# Without blanks, so that it is not what stands between two quoted names.
PATH = re.compile(r"`([^`\s]+\.[^`\s]+\.[^`\s]+)`")


def type_named(name: str | list[list[Any]], *, repeated: bool = False) -> Type:
    """The type that the BigQuery API calls by that name, of a record by its columns (name, type, mode)."""
    if isinstance(name, str):
        element = Type(type_kind=KINDS[name.upper()])
    else:
        fields = [
            StructField(field_name=field, field_type=type_named(kind, repeated=mode == "REPEATED"))
            for field, kind, mode in name
        ]
        element = Type(type_kind=TypeKind.TYPE_STRUCT, struct_type=StructType(field=fields))
    if repeated:
        return Type(type_kind=TypeKind.TYPE_ARRAY, array_type=ArrayType(element_type=element))
    return element


class Tables:
    """Follows what is created and altered. Statements know types best: the emulator takes JSON for text."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, Type]] = {}

    def reported(self, table: Table) -> None:
        """Take over what the emulator says of a table, unless a statement has said it already."""
        columns = {name: type_named(kind, repeated=mode == "REPEATED") for name, kind, mode in table.columns}
        if set(columns) != set(self._columns.get(table.name, {})):
            self._columns[table.name] = columns

    def resolved(self, statement: Any) -> None:
        """Take over what an analysed CREATE or ALTER statement does."""
        name = ".".join(getattr(statement, "name_path", None) or [])
        if name and hasattr(statement, "column_definition_list"):
            self._columns[name] = {column.name: column.type for column in statement.column_definition_list}
        for action in getattr(statement, "alter_action_list", None) or []:
            added = getattr(action, "column_definition", None)
            if added is not None:
                self._columns[name][added.name] = added.type

    def catalog(self, sql: str) -> Any:
        """A catalogue of the tables that the statement names; one of all tables would be slow to read."""
        builder = CatalogBuilder("emulator")
        for name in dict.fromkeys(PATH.findall(sql)):
            if name in self._columns:
                table = TableBuilder(name)
                for column, kind in self._columns[name].items():
                    table.add_column(column, kind)
                builder.add_table(table.build())
        functions = ZetaSQLBuiltinFunctionOptions(language_options=LANGUAGE)
        catalog = builder.with_builtin_functions(functions).build()
        catalog.named_type = [
            SimpleCatalog.NamedType(name=alias, type=Type(type_kind=kind)) for alias, kind in ALIASES.items()
        ]
        return catalog
