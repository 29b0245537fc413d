"""Says what to do while dbt has not made the relations that a command reads."""

from __future__ import annotations

from collections.abc import Iterable

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.warehouse.base import Warehouse


def require_built(warehouse: Warehouse, names: Iterable[str]) -> None:
    """Refuse to go on without these relations.

    Raises:
        ConfigError: one of them does not exist.
    """
    missing = [name for name in names if not warehouse.exists(name)]
    if missing:
        raise ConfigError(
            f"the schema {warehouse.schema} has no {' and no '.join(missing)} yet",
            hint="build them with `dbt build`",
        )
