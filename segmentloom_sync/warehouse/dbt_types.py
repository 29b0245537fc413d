"""How the engines name the types that macros and plain casts use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from segmentloom_sync.warehouse.base import Engine

DBT_TYPES: Final[Mapping[Engine, Mapping[str, str]]] = {
    "duckdb": {"string": "TEXT", "bigint": "bigint", "boolean": "boolean"},
    "bigquery": {"string": "string", "bigint": "bigint", "boolean": "boolean"},
    "snowflake": {"string": "TEXT", "bigint": "bigint", "boolean": "boolean"},
}
"""What `dbt.type_<name>()` gives on each engine."""

UTC_TIME: Final[Mapping[Engine, str]] = {
    "duckdb": "timestamp",
    "bigquery": "timestamp",
    "snowflake": "timestamp_ntz",
}
"""What the package's own macro `type_timestamp` gives; `dbt.type_timestamp()` leaves it to the account."""
