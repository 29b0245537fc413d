"""The state that builds keep incrementally, and whether it has taken in what came last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.decisions import OVERRIDES
from segmentloom_sync.warehouse.base import Area, Warehouse

PROGRESS: Final = "int_segmentloom__progress"
EVENTS: Final = "segmentloom__events"
CHANGES: Final = "int_segmentloom__profile_changes"

_LINK = ("identifier_type", "identifier_value", "other_type", "other_value")
_SEEN = ("first_seen_at", "last_seen_at", "event_count", "owned_event_count", "gpc_event_count")


@dataclass(frozen=True, slots=True)
class StateTable:
    """A table of which every row is a function of the events, the configuration and the decisions.

    Attributes:
        key: the columns that name a row; they are no personal data.
        columns: what else is state, the batch that wrote a row left out.
        json: more such columns, of JSON.
        consumer: its name in the account of what was folded in.
        feed: whose batches it follows.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    json: tuple[str, ...] = ()
    consumer: str | None = None
    feed: str = EVENTS


STATE_TABLES: Final = (
    StateTable(
        "events",
        ("source_id", "event_id"),
        (
            *("type", "event", "occurred_at", "received_at", "loaded_at", "anonymous_id", "user_id"),
            *("previous_id", "email", "event_date", "owner_type", "owner_value", "owner_key"),
            *("load_id", "line_number"),
        ),
        ("properties", "traits", "context"),
        EVENTS,
    ),
    StateTable(
        "int_segmentloom__sightings",
        ("identifier_key",),
        (*_LINK[:2], *_SEEN),
        consumer="int_segmentloom__sightings",
    ),
    StateTable(
        "int_segmentloom__event_links",
        ("identifier_key", "other_key"),
        (*_LINK, "first_seen_at", "source_id", "event_id"),
        consumer="int_segmentloom__event_links",
    ),
    StateTable(
        "int_segmentloom__alias_events",
        ("source_id", "event_id"),
        ("occurred_at", "user_id", "previous_id"),
        consumer="int_segmentloom__alias_events",
    ),
    StateTable(
        "int_segmentloom__refused_links",
        ("identifier_key", "other_key", "rule"),
        (*_LINK, "link_count", "link_limit", "first_seen_at"),
    ),
    StateTable(
        "int_segmentloom__identity_map",
        ("identifier_key",),
        (*_LINK[:2], *_SEEN, "profile_id", "component_key", "cause_identifier_key", "cause_other_key"),
        consumer="int_segmentloom__identity_map",
    ),
    StateTable(
        "int_segmentloom__owner_attributes",
        ("owner_key", "attribute_kind", "attribute_name"),
        ("attribute_value", "occurred_at", "source_id", "event_id", "rank_on_event"),
        consumer="int_segmentloom__owner_attributes",
    ),
    StateTable(
        "profiles",
        ("profile_id",),
        (
            *(
                "first_seen_at",
                "last_seen_at",
                "event_count",
                "identifier_count",
                "user_id",
                "email",
                "phone",
            ),
            *("ad_user_data_consent", "ad_personalization_consent", "is_opted_out", "is_quarantined"),
        ),
        ("traits",),
        "segmentloom__profiles",
        CHANGES,
    ),
    StateTable(
        "hashed_identifiers",
        ("hash_rule", "profile_id", "identifier_type"),
        ("identifier",),
        consumer="segmentloom__hashed_identifiers",
        feed=CHANGES,
    ),
)

PROFILE_TABLES: Final = tuple(table for table in STATE_TABLES if table.feed == CHANGES)
"""Those that follow the identity map."""
NEEDED: Final = (PROGRESS, OVERRIDES, *(table.name for table in STATE_TABLES))


def require_current(warehouse: Warehouse) -> None:
    """Refuse to check state that a build has left behind: it would differ, and be right all the same.

    Raises:
        ConfigError: some model has not taken in what another has, or a decision is not applied yet.
    """
    behind = tables_behind(warehouse)
    if behind:
        raise ConfigError(
            f"not built up to the latest events: {', '.join(behind)}",
            hint="run `dbt build` first, then check",
        )
    pending = pending_decisions(warehouse)
    if pending:
        raise ConfigError(
            f"decisions on links that are not applied yet: {pending:,}",
            hint="run `dbt build` first, then check",
        )


def tables_behind(warehouse: Warehouse, tables: Sequence[StateTable] = STATE_TABLES) -> list[str]:
    """The names of tables that have not taken in all of what they follow."""
    progress = read_progress(warehouse)
    return [
        table.name
        for table in tables
        if table.consumer is not None
        and (table.feed not in progress or progress.get(table.consumer, ())[:2] != progress[table.feed][:2])
    ]


def pending_decisions(warehouse: Warehouse) -> int:
    """How many decisions no build has taken up yet."""
    [(pending,)] = warehouse.rows(
        f"select count(*) from {warehouse.relation(OVERRIDES)} where applied_run_id is null"
    )
    return int(pending)


def needs_build(warehouse: Warehouse) -> bool:
    """Whether a decision is not applied yet, or is in the identity map and not in what follows it."""
    return bool(pending_decisions(warehouse) or tables_behind(warehouse, PROFILE_TABLES))


def read_progress(warehouse: Warehouse, area: Area = "") -> dict[str, tuple[Any, ...]]:
    """How far each model has come: (generation, batch, rules) by name.

    Entries are only added, and the latest of a model counts. One without a generation takes back what was
    before: the model starts from nothing.
    """
    rows = warehouse.rows(
        f"""
        select
            consumer,
            generation,
            batch,
            rules
        from {warehouse.relation(PROGRESS, area)}
        where true
        qualify row_number() over (
            partition by consumer
            order by entry desc
        ) = 1
        """
    )
    return {
        str(name): (generation, int(batch), str(rules or ""))
        for name, generation, batch, rules in rows
        if generation
    }
