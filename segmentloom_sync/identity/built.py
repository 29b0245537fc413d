"""Says what to do while dbt has not made the relations that a command reads."""

from __future__ import annotations

from collections.abc import Iterable

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.warehouse.base import Warehouse

_NAMED = 2
"""Most have names that say nothing to a user."""


def require_built(warehouse: Warehouse, names: Iterable[str]) -> None:
    """Refuse to go on without these relations.

    Raises:
        ConfigError: one of them does not exist; the message names a few of many.
    """
    needed = list(dict.fromkeys(names))
    missing = [name for name in needed if not warehouse.exists(name)]
    if not missing:
        return
    if len(missing) == len(needed):
        message = f"nothing is built in the schema {warehouse.schema} yet"
    else:
        rest = len(missing) - _NAMED
        named = ", ".join(missing[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
        message = f"not all is built in the schema {warehouse.schema} yet: {named}"
    raise ConfigError(message, hint="run `dbt build` first")
