"""The tables that other products export, from tests/fixtures/sources, as they are on each engine."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from segmentloom_sync.warehouse.base import Engine, Warehouse
from tests.workspace import REPOSITORY

FIXTURES = REPOSITORY / "tests" / "fixtures" / "sources"
TABLES: Mapping[str, str] = {
    **{f"segment.{name}": f"segment_{name}" for name in ("tracks", "order_completed", "identifies", "pages")},
    "segment.aliases": "segment_aliases",
    "segment.users": "segment_users",
    **{f"rudder.{name}": f"rudder_{name}" for name in ("tracks", "order_completed", "identifies", "users")},
    "exports.snowplow": "snowplow_events",
    "exports.amplitude": "amplitude_event",
    "exports.amplitude_merges": "amplitude_merged_users",
    "exports.mixpanel": "mixpanel_mp_master_event",
    "exports.mixpanel_mappings": "mixpanel_mp_identity_mappings_data",
    "exports.mixpanel_people": "mixpanel_mp_people_data",
    "exports.posthog": "posthog_events",
    **{f"ga4.{name}": f"ga4_{name}" for name in ("events_20261120", "events_intraday_20261120")},
    "ga4.events_intraday_20261121": "ga4_events_intraday_20261121",
}
"""Table, after the part of its schema's name that a test chooses -> fixture."""

Type = str | list["Type"] | dict[str, "Type"]
"""A column's type: text, timestamp, integer, double, boolean or json; a list or mapping of such."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_NAMES: Mapping[str, Mapping[str, str]] = {
    "duckdb": {"text": "varchar", "integer": "bigint"},
    "bigquery": {"text": "string", "integer": "int64", "double": "float64", "boolean": "bool"},
    "snowflake": {"text": "varchar", "integer": "number", "timestamp": "timestamp_ntz", "json": "variant"},
}


def sources(prefix: str) -> list[dict[str, Any]]:
    """The var `segmentloom_sources` for all of them; `prefix` begins the names of their schemas."""
    return [
        {"name": "segment", "kind": "segment", "schema": f"{prefix}segment"},
        {"name": "rudderstack", "kind": "rudderstack", "schema": f"{prefix}rudder"},
        {
            "name": "snowplow",
            "kind": "snowplow",
            "relation": f"{prefix}exports.snowplow",
            "traits": "contexts_com_acme_user_1",
        },
        {"name": "ga4", "kind": "ga4", "schema": f"{prefix}ga4"},
        {
            "name": "amplitude",
            "kind": "amplitude",
            "relation": f"{prefix}exports.amplitude",
            "merged_ids": f"{prefix}exports.amplitude_merges",
        },
        {
            "name": "mixpanel",
            "kind": "mixpanel",
            "relation": f"{prefix}exports.mixpanel",
            "identity_mappings": f"{prefix}exports.mixpanel_mappings",
            "people": f"{prefix}exports.mixpanel_people",
        },
        {"name": "posthog", "kind": "posthog", "relation": f"{prefix}exports.posthog"},
    ]


def fixture(name: str) -> list[dict[str, Any]]:
    """The rows of a fixture."""
    lines = (FIXTURES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def make_tables(warehouse: Warehouse, prefix: str, tables: Iterable[str] = TABLES) -> None:
    """Make the tables named, each with the rows of its fixture."""
    for table in tables:
        rows = fixture(TABLES[table])
        if table == "exports.posthog":
            rows = [_as_posthog_writes(row, warehouse.engine) for row in rows]
        make_table(warehouse, f"{prefix}{table}", rows)


def _as_posthog_writes(row: Mapping[str, Any], engine: Engine) -> dict[str, Any]:
    """Objects are text, but on Snowflake, where two of them have other names."""
    if engine == "snowflake":
        renamed = {"set": "people_set", "set_once": "people_set_once"}
        return {renamed.get(name, name): value for name, value in row.items()}
    return {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}


def make_table(warehouse: Warehouse, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make a table in place of what has its name, with the columns and types that the rows show."""
    types = cast(dict[str, Type], _merged(rows)) or {}
    if "mixpanel" in table and "properties" in types:
        types["properties"] = "json"
    warehouse.execute(f"create schema if not exists {table.split('.')[0]}")
    warehouse.execute(f"drop table if exists {table}")
    columns = ", ".join(
        f"{_quoted(name, warehouse.engine)} {_sql(kind, warehouse.engine)}" for name, kind in types.items()
    )
    warehouse.execute(f"create table {table} ({columns})")
    add_rows(warehouse, table, rows, types)


def add_rows(
    warehouse: Warehouse,
    table: str,
    rows: Sequence[Mapping[str, Any]],
    types: Mapping[str, Type] | None = None,
) -> None:
    """Add rows to a table; what they leave out is null."""
    types = types or cast(dict[str, Type], _merged(rows))
    if warehouse.engine == "bigquery":
        _load_into_bigquery(warehouse, table, rows, types)
        return
    for row in rows:
        values = ", ".join(_literal(row.get(name), kind, warehouse.engine) for name, kind in types.items())
        names = ", ".join(_quoted(name, warehouse.engine) for name in types)
        warehouse.execute(f"insert into {table} ({names}) select {values}")


def _load_into_bigquery(
    warehouse: Warehouse, table: str, rows: Sequence[Mapping[str, Any]], types: Mapping[str, Type]
) -> None:
    from google.cloud import bigquery

    client: bigquery.Client = warehouse._client  # type: ignore[attr-defined]
    lines = "\n".join(json.dumps(dict(row)) for row in rows).encode()
    job = client.load_table_from_file(
        io.BytesIO(lines),
        f"{client.project}.{table}",
        job_config=bigquery.LoadJobConfig(
            source_format="NEWLINE_DELIMITED_JSON", schema=[_field(*column) for column in types.items()]
        ),
    )
    job.result(timeout=60)


def _field(name: str, kind: Type) -> Any:
    from google.cloud import bigquery

    mode = "REPEATED" if isinstance(kind, list) else "NULLABLE"
    of_one = kind[0] if isinstance(kind, list) else kind
    if isinstance(of_one, dict):
        return bigquery.SchemaField(name, "RECORD", mode, fields=[_field(*inner) for inner in of_one.items()])
    return bigquery.SchemaField(name, _sql(of_one, "bigquery").upper(), mode)


def _merged(values: Iterable[Any]) -> Type | None:
    """The one type of some values; None when all are null."""
    there = [value for value in values if value is not None]
    if not there:
        return None
    if isinstance(there[0], dict):
        names = dict.fromkeys(name for value in there for name in value)
        return {name: _merged(value.get(name) for value in there) or "text" for name in names}
    if isinstance(there[0], list):
        return [_merged(inner for value in there for inner in value) or "text"]
    if isinstance(there[0], str):
        return "timestamp" if all(_TIME.match(value) for value in there) else "text"
    if any(isinstance(value, float) for value in there):
        return "double"
    return "boolean" if isinstance(there[0], bool) else "integer"


def _sql(kind: Type, engine: Engine) -> str:
    if not isinstance(kind, str):
        if engine == "snowflake":
            return "variant"
        if isinstance(kind, list):
            inner = _sql(kind[0], engine)
            return f"{inner}[]" if engine == "duckdb" else f"array<{inner}>"
        opening, closing = ("(", ")") if engine == "duckdb" else ("<", ">")
        fields = ", ".join(f"{name} {_sql(inner, engine)}" for name, inner in kind.items())
        return f"struct{opening}{fields}{closing}"
    return _NAMES[engine].get(kind, kind)


def _quoted(name: str, engine: Engine) -> str:
    if engine == "bigquery":
        return f"`{name}`"
    return f'"{name.upper() if engine == "snowflake" else name}"'


def _literal(value: Any, kind: Type, engine: Engine) -> str:
    if value is None:
        return "null"
    if kind == "timestamp":
        moment = datetime.fromisoformat(value).replace(tzinfo=UTC)
        return f"cast('{moment:%Y-%m-%d %H:%M:%S.%f}' as {_sql(kind, engine)})"
    if kind in ("integer", "double", "boolean"):
        return json.dumps(value)
    text = value if kind == "text" else json.dumps(value)
    quoted = "'" + text.replace("\\", "\\\\" if engine == "snowflake" else "\\").replace("'", "''") + "'"
    if kind == "text":
        return quoted
    if engine == "snowflake":
        return f"parse_json({quoted})"
    if kind == "json":
        return f"cast({quoted} as json)"
    return f"from_json(cast({quoted} as json), '{json.dumps(_structure(kind))}')"


def _structure(kind: Type) -> Any:
    """A type as DuckDB's from_json() wants it."""
    if isinstance(kind, list):
        return [_structure(kind[0])]
    if isinstance(kind, dict):
        return {name: _structure(inner) for name, inner in kind.items()}
    return _sql(kind, "duckdb").upper()
