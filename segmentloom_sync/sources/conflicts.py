"""Ids that came with different contents: one event each, and a sign that a sender uses ids twice."""

from __future__ import annotations

from typing import Final

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.warehouse.base import Warehouse

DELIVERIES: Final = "stg_segmentloom__deliveries"
_TEXTS: Final = ("type", "event", "user_id", "anonymous_id", "previous_id", "email")
_OBJECTS: Final = ("properties", "traits")


def conflicting_ids(warehouse: Warehouse, macros: MacroRenderer) -> dict[str, int]:
    """How many event ids of each source came with different contents; sources without any are left out.

    Times and context do not count: libraries that send an event again change them. Reads all deliveries.
    """
    texts = [*_TEXTS, *(macros.render("json_to_text", name) for name in _OBJECTS)]
    content = " || '|' || ".join(f"coalesce({text}, '')" for text in texts)
    rows = warehouse.rows(
        f"""
        select source_id, count(*) as ids
        from (
            select source_id, event_id
            from (
                select source_id, event_id, {content} as content
                from {warehouse.relation(DELIVERIES)}
                where reason is null
            ) as deliveries
            group by source_id, event_id
            having min(content) <> max(content)
        ) as conflicts
        group by source_id
        """
    )
    return {str(source): int(count) for source, count in rows}
