"""The rows that the state has of drawn profiles, under the names that `sample_expected` gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.recompute import key_of
from segmentloom_sync.identity.sample import Drawn
from segmentloom_sync.identity.sample_expected import (
    CAUSES,
    LINKS,
    MAP,
    PROFILES,
    REFUSED,
    SIGHTINGS,
    Key,
    Values,
)
from segmentloom_sync.warehouse.base import Warehouse

SEEN: Final = ("first_seen_at", "last_seen_at", "event_count", "owned_event_count", "gpc_event_count")
_WANTED: Final = """
    inner join {wanted} as wanted
        on
            state.identifier_type = wanted.identifier_type
            and state.identifier_value = wanted.identifier_value
"""
_ENDS: Final = "state.identifier_type, state.identifier_value, state.other_type, state.other_value"
_QUERIES: Final = {
    SIGHTINGS: "select state.identifier_type, state.identifier_value, {seen} from {relation} as state"
    + _WANTED,
    REFUSED: "select "
    + _ENDS
    + ", state.rule, state.link_count, state.link_limit, state.first_seen_at from {relation} as state"
    + _WANTED,
    LINKS: "select "
    + _ENDS
    + """, state.first_seen_at, state.source_id, state.event_id
    from {relation} as state
    left join {wanted} as wanted
        on
            state.identifier_type = wanted.identifier_type
            and state.identifier_value = wanted.identifier_value
    left join {wanted} as others
        on
            state.other_type = others.identifier_type
            and state.other_value = others.identifier_value
    where
        wanted.identifier_type is not null
        or others.identifier_type is not null
    """,
    MAP: """
    select
        state.identifier_type,
        state.identifier_value,
        {seen},
        state.profile_id,
        oldest.identifier_type,
        oldest.identifier_value,
        state.cause_identifier_key,
        state.cause_other_key,
        cause.identifier_type,
        cause.identifier_value,
        cause_other.identifier_type,
        cause_other.identifier_value
    from {relation} as state
    """
    + _WANTED
    + """
    left join {relation} as oldest on state.component_key = oldest.identifier_key
    left join {relation} as cause on state.cause_identifier_key = cause.identifier_key
    left join {relation} as cause_other on state.cause_other_key = cause_other.identifier_key
    """,
}
_PROFILE: Final = (
    *("first_seen_at", "last_seen_at", "event_count", "identifier_count"),
    *("user_id", "email", "is_opted_out", "is_quarantined"),
)

Row = tuple[Key, Values]


def found_rows(warehouse: Warehouse, drawn: Drawn) -> dict[str, list[Row]]:
    """The rows by table."""
    found = {}
    for table, query in _QUERIES.items():
        sql = query.format(
            relation=warehouse.relation(table),
            wanted=drawn.relation,
            seen=", ".join(f"state.{column}" for column in SEEN),
        )
        rows = warehouse.rows(sql)
        found[table] = [_ROWS[table](row) for row in rows]
        if table == MAP:
            found[CAUSES] = [_cause(row) for row in rows if row[10] is not None or row[11] is not None]
    found[PROFILES] = [
        ((str(row[0]),), dict(zip(_PROFILE, row[1:], strict=True)))
        for row in warehouse.rows(
            f"select profile_id, {', '.join(_PROFILE)} from {warehouse.relation(PROFILES)}"
            f" where profile_id in (select profile_id from {drawn.profiles_relation} as drawn)"
        )
    ]
    return found


def _name(kind: Any, value: Any) -> str | None:
    return key_of(Identifier(str(kind), str(value))) if kind is not None else None


def _key(row: Sequence[Any]) -> Key:
    """The names of the ends that a row begins with."""
    pairs = zip(row[::2], row[1::2], strict=True)
    return tuple(key_of(Identifier(str(kind), str(value))) for kind, value in pairs)


def _sighting(row: Sequence[Any]) -> Row:
    return _key(row[:2]), dict(zip(SEEN, row[2:], strict=True))


def _link(row: Sequence[Any]) -> Row:
    return _key(row[:4]), dict(zip(("at", "source_id", "event_id"), row[4:], strict=True))


def _refused(row: Sequence[Any]) -> Row:
    values = zip(("link_count", "link_limit", "first_seen_at"), row[5:], strict=True)
    return (*_key(row[:4]), str(row[4])), dict(values)


def _mapped(row: Sequence[Any]) -> Row:
    seen, place = row[2:7], row[7:]
    return _key(row[:2]), {
        **dict(zip(SEEN, seen, strict=True)),
        "profile_id": place[0],
        "component": _name(*place[1:3]),
        "has_cause": place[3] is not None or place[4] is not None,
    }


def _cause(row: Sequence[Any]) -> Row:
    return tuple(_name(*row[place : place + 2]) or "" for place in (12, 14)), {}


_ROWS: Final = {SIGHTINGS: _sighting, LINKS: _link, REFUSED: _refused, MAP: _mapped}
