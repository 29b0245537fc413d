"""How fresh each source is: when its newest row was loaded, and how many events it has."""

from __future__ import annotations

from typing import Any

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.sources.conflicts import DELIVERIES, conflicting_ids
from segmentloom_sync.warehouse.base import Warehouse


def source_states(warehouse: Warehouse, macros: MacroRenderer | None = None) -> list[dict[str, Any]]:
    """One entry for each source of `S.events`, by name; none before the first build.

    Args:
        macros: count with these what was refused and what came with different contents, too. That reads all
            deliveries: dear where they are many.

    Returns:
        `source`, `events` (a number), `loaded_at` and `occurred_at` (the latest, in UTC), `rejected` and
        `conflicts` (numbers; None when they were not asked for). A source of which all was refused has 0
        events.
    """
    if not warehouse.exists("events"):
        return []
    states: dict[str, dict[str, Any]] = {}
    for source, events, loaded_at, occurred_at in warehouse.rows(
        "select source_id, count(*) as events, max(loaded_at) as loaded_at, max(occurred_at) as occurred_at"
        f" from {warehouse.relation('events')} group by source_id"
    ):
        states[source] = _state(source, events, loaded_at, occurred_at)
    if macros and warehouse.exists("rejected_events") and warehouse.exists(DELIVERIES):
        conflicts = conflicting_ids(warehouse, macros)
        for source, state in states.items():
            state |= {"rejected": 0, "conflicts": conflicts.get(source, 0)}
        for source, rejected, loaded_at in warehouse.rows(
            "select source_id, count(*) as rejected, max(loaded_at) as loaded_at"
            f" from {warehouse.relation('rejected_events')} group by source_id"
        ):
            state = states.setdefault(source, _state(source, 0, loaded_at, None))
            state |= {"rejected": rejected, "conflicts": conflicts.get(source, 0)}
    return [states[source] for source in sorted(states)]


def _state(source: str, events: int, loaded_at: Any, occurred_at: Any) -> dict[str, Any]:
    return {
        "source": source,
        "events": events,
        "loaded_at": loaded_at,
        "occurred_at": occurred_at,
        "rejected": None,
        "conflicts": None,
    }
