"""The traits and consents of a profile, each with the event that it comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from segmentloom_sync.warehouse.base import Warehouse

LATEST_FIRST: Final = """
    occurred_at desc,
    case when attribute_kind = 'phone' then attribute_value end desc,
    source_id desc,
    event_id desc,
    rank_on_event,
    attribute_value desc
"""
"""What the macro `attribute_order` says; a test holds the two together.

Rendering the macro instead would make `profile` need the dbt package, where it only needs the warehouse.
"""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value and the event that gave it.

    Attributes:
        kind: `trait` or `consent`.
    """

    kind: str
    name: str
    value: Any
    occurred_at: datetime
    source_id: str
    event_id: str

    def event(self) -> dict[str, Any]:
        """The event, as `--json` names it."""
        return {
            "source_id": self.source_id,
            "event_id": self.event_id,
            "occurred_at": self.occurred_at,
        }


def profile_attributes(warehouse: Warehouse, profile_id: str) -> list[Attribute]:
    """Of each attribute the latest that an owner of the profile has; one that was unset is left out."""
    rows = warehouse.rows(
        f"""
        select
            attributes.attribute_kind,
            attributes.attribute_name,
            attributes.attribute_value,
            attributes.occurred_at,
            attributes.source_id,
            attributes.event_id
        from {warehouse.relation("int_segmentloom__owner_attributes")} as attributes
        inner join {warehouse.relation("int_segmentloom__identity_map")} as owners
            on attributes.owner_key = owners.identifier_key
        where
            owners.profile_id = :profile_id
            and attributes.attribute_kind in ('trait', 'consent')
        qualify
            row_number() over (
                partition by
                    attributes.attribute_kind,
                    attributes.attribute_name
                order by {LATEST_FIRST}
            ) = 1
        """,
        profile_id=profile_id,
    )
    found = [
        Attribute(str(kind), str(name), _value(text), occurred_at, str(source_id), str(event_id))
        for kind, name, text, occurred_at, source_id, event_id in rows
    ]
    return sorted(
        (attribute for attribute in found if attribute.value is not None),
        key=lambda attribute: (attribute.kind, attribute.name),
    )


def _value(text: Any) -> Any:
    """What the JSON text says; a text that is no JSON is the value itself."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
