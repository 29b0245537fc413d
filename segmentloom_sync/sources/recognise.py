"""Which kind of source a table is, by the names of its columns; else a column map for the kind `custom`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segmentloom_sync.errors import ConfigError

Tables = Mapping[str, Mapping[str, str]]
"""Tables of a schema: name -> column -> type, all in lower case but the names of columns."""

_SHARD = re.compile(r"events_(intraday_)?\d{8}$")
_KINDS: Sequence[tuple[str, frozenset[str]]] = (
    ("snowplow", frozenset({"collector_tstamp", "event_id", "event"})),
    ("amplitude", frozenset({"event_type", "event_time", "device_id", "user_properties"})),
    ("mixpanel", frozenset({"distinct_id", "insert_id", "time", "properties"})),
    ("posthog", frozenset({"uuid", "event", "distinct_id", "properties", "timestamp"})),
)
_TRACKS = frozenset({"id", "received_at", "event_text"})
_CALLS = frozenset({"id", "received_at", "original_timestamp", "sent_at"})
_RUDDERSTACK = frozenset({"channel", "record_id", "context_request_ip", "context_passed_ip"})
_NAMES: Mapping[str, Sequence[str]] = {
    "event_id": ("event_id", "message_id", "messageid", "uuid", "insert_id", "id"),
    "event": ("event", "event_name", "event_type", "action", "activity"),
    "user_id": ("user_id", "userid", "customer_id", "customer_no", "member_id", "account_id", "uid"),
    "anonymous_id": ("anonymous_id", "anonymousid", "device_id", "visitor_id", "cookie_id", "client_id"),
    "email": ("email", "email_address", "e_mail", "mail", "customer_email"),
    "occurred_at": (
        *("occurred_at", "event_time", "event_timestamp", "timestamp", "happened_at", "created_at"),
        *("ordered_at", "placed_at", "time", "ts", "date", "created"),
    ),
    "received_at": ("received_at", "server_time"),
    "loaded_at": (
        *("loaded_at", "_loaded_at", "_fivetran_synced", "_airbyte_extracted_at", "_sdc_batched_at"),
        *("inserted_at", "ingested_at", "updated_at"),
    ),
    "properties": ("properties", "event_properties", "payload"),
    "traits": ("traits", "user_properties"),
    "context": ("context",),
}
_QUOTED = frozenset(
    {
        *("all", "case", "date", "end", "from", "group", "limit", "offset", "order", "select", "set"),
        *("table", "time", "timestamp", "to", "user", "values", "when"),
    }
)
"""Names that some engine does not take for a column's without quotes."""


@dataclass(frozen=True, slots=True)
class Place:
    """What was asked about: a schema, or one table of it.

    Attributes:
        schema: as the user wrote it, with the database where it was given.
        table: None for a whole schema.
    """

    schema: str
    table: str | None


def recognise(place: Place, tables: Tables, quote: str) -> dict[str, Any]:
    """An entry for the var `segmentloom_sources`.

    Args:
        place: what was asked about.
        tables: the table, or all tables of the schema.
        quote: the character that the engine quotes names with.

    Raises:
        ConfigError: nothing is there that could be events; the hint names the columns that were found.
    """
    if place.table is not None:
        return _of_table(place, place.table, tables[place.table.lower()], quote)
    calls = tables.get("tracks", {})
    name = _plain(place.schema.split(".")[-1])
    if _has(calls, _TRACKS):
        columns = {column.lower() for table in tables.values() for column in table}
        kind = "rudderstack" if columns & _RUDDERSTACK else "segment"
        return {"name": name, "kind": kind, "schema": place.schema}
    if any(map(_SHARD.match, tables)):
        return {"name": name, "kind": "ga4", "schema": place.schema}
    raise ConfigError(
        f"schema {place.schema} has neither a table `tracks` nor tables events_<date>",
        hint="name one of its tables: " + ", ".join(sorted(tables)[:20]),
    )


def _of_table(place: Place, table: str, columns: Mapping[str, str], quote: str) -> dict[str, Any]:
    schema = {"name": _plain(place.schema.split(".")[-1])}
    if _has(columns, _TRACKS) or _has(columns, _CALLS):
        kind = "rudderstack" if _RUDDERSTACK & {name.lower() for name in columns} else "segment"
        return {**schema, "kind": kind, "schema": place.schema}
    if _SHARD.match(table.lower()):
        return {**schema, "kind": "ga4", "schema": place.schema}
    entry: dict[str, Any] = {"name": _plain(table)}
    for kind, needed in _KINDS:
        if _has(columns, needed):
            return {**entry, "kind": kind, "relation": f"{place.schema}.{table}"}
    return {
        **entry,
        "kind": "custom",
        "relation": f"{place.schema}.{table}",
        **_column_map(f"{place.schema}.{table}", table, columns, quote),
    }


def _column_map(relation: str, table: str, columns: Mapping[str, str], quote: str) -> dict[str, Any]:
    known = {name.lower(): name for name in columns}
    found = {
        field: next((known[name] for name in names if name in known), None) for field, names in _NAMES.items()
    }
    if found["occurred_at"] is None:
        times = [name for name, kind in columns.items() if re.match("timestamp|datetime|date", kind)]
        found["occurred_at"] = next((name for name in times if name != found["loaded_at"]), None)
    lacking = []
    if found["occurred_at"] is None:
        lacking.append("a time")
    if not any(found[field] for field in ("user_id", "anonymous_id", "email")):
        lacking.append("an id of a user or device or an e-mail address")
    if lacking:
        raise ConfigError(
            f"no column of {relation} looks like {' or like '.join(lacking)}",
            hint="map it by hand, see docs/sources.md; columns: " + ", ".join(columns),
        )
    chosen: dict[str, Any] = {
        field: _sql_name(name, quote) for field, name in found.items() if name is not None
    }
    if "properties" not in chosen:
        rest = [name for name in columns if name not in found.values() and not name.startswith("_")]
        if rest:
            chosen["properties"] = {name.lower(): _sql_name(name, quote) for name in rest}
    constants = {"type": "track"}
    if "event" not in chosen:
        constants["event"] = table.replace("_", " ").title()
    return {"columns": chosen, "constants": constants}


def _has(columns: Mapping[str, str], needed: frozenset[str]) -> bool:
    return needed <= {name.lower() for name in columns}


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_") or "source"


def _sql_name(name: str, quote: str) -> str:
    """A column's name as SQL: in quotes only where it needs them."""
    is_plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.lower() not in _QUOTED
    return name if is_plain else f"{quote}{name}{quote}"
