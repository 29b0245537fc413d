"""Lets commands that write nothing plan before the first run has made the tables of sync and privacy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from segmentloom_sync.privacy import tables as privacy
from segmentloom_sync.sync import tables as sync
from segmentloom_sync.warehouse.base import Area, Columns, Engine, Warehouse
from segmentloom_sync.warehouse.dbt_types import DBT_TYPES, UTC_TIME

_READ: Mapping[tuple[Area, str], Columns] = {
    ("sync", "ledger"): sync.LEDGER,
    ("sync", "batches"): sync.BATCHES,
    ("sync", "lists"): sync.LISTS,
    ("", "int_segmentloom__identifier_digests"): {
        "profile_id": "string",
        "key_id": "string",
        "digest": "string",
    },
    ("privacy", "suppressions"): privacy.SUPPRESSIONS,
    ("privacy", "suppressed_profiles"): privacy.SUPPRESSED_PROFILES,
    ("privacy", "suppression_keys"): privacy.SUPPRESSION_KEYS,
}
"""What a plan reads."""


def with_absent_tables(warehouse: Warehouse) -> Warehouse:
    """The warehouse as if each table that a plan reads were there: an empty select stands in for one.

    Args:
        warehouse: an open connection, or what has its `relation`, `exists`, `rows` and `sha256_hex`.

    Returns:
        The warehouse itself where nothing is missing, else something with those four.
    """
    absent = {
        (area, name): columns for (area, name), columns in _READ.items() if not warehouse.exists(name, area)
    }
    return cast(Warehouse, _WithAbsentTables(warehouse, absent)) if absent else warehouse


class _WithAbsentTables:
    def __init__(self, warehouse: Warehouse, absent: Mapping[tuple[Area, str], Columns]) -> None:
        self._warehouse = warehouse
        self._absent = absent

    @property
    def engine(self) -> Engine:
        return self._warehouse.engine

    def relation(self, name: str, area: Area = "") -> str:
        columns = self._absent.get((area, name))
        if columns is None:
            return self._warehouse.relation(name, area)
        engine = self.engine
        types = {**DBT_TYPES[engine], "integer": "bigint", "timestamp": UTC_TIME[engine]}
        nothing = ", ".join(f"cast(null as {types[kind]}) as {column}" for column, kind in columns.items())
        return f"(select {nothing} limit 0)"

    def exists(self, name: str, area: Area = "") -> bool:
        return self._warehouse.exists(name, area)

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self._warehouse.rows(sql, **parameters)

    def sha256_hex(self, expression: str) -> str:
        return self._warehouse.sha256_hex(expression)
