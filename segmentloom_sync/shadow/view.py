"""Reads the shadow by the names of the live relations: one query serves both."""

from __future__ import annotations

from typing import Any, cast

from segmentloom_sync.warehouse.base import Area, Engine, Warehouse


def shadowed(warehouse: Warehouse) -> Warehouse:
    """The warehouse as if the shadow were live; what the sync wrote stays what it is.

    It has what queries need: `relation`, `exists`, `rows` and `sha256_hex`.
    """
    return cast(Warehouse, _Shadowed(warehouse))


class _Shadowed:
    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    @property
    def engine(self) -> Engine:
        return self._warehouse.engine

    @property
    def schema(self) -> str:
        return f"{self._warehouse.schema}_plan"

    def relation(self, name: str, area: Area = "") -> str:
        return self._warehouse.relation(name, area or "plan")

    def exists(self, name: str, area: Area = "") -> bool:
        return self._warehouse.exists(name, area or "plan")

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self._warehouse.rows(sql, **parameters)

    def sha256_hex(self, expression: str) -> str:
        return self._warehouse.sha256_hex(expression)
