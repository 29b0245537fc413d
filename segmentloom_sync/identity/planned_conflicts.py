"""What the guards would refuse and do not now, or would refuse no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segmentloom_sync.identity.conflicts import CONFLICTS, RULES
from segmentloom_sync.warehouse.base import Warehouse

DIFFERENCES = """
with

live as (

    {live}

),

planned as (

    {planned}

),

differences as (

    select
        coalesce(live.rule, planned.rule) as rule,
        coalesce(live.carrier, planned.carrier) as carrier,
        live.rule is null as is_new
    from live
    full outer join planned
        on
            live.rule = planned.rule
            and live.carrier = planned.carrier
            and live.other = planned.other
    where
        live.rule is null
        or planned.rule is null

)

select
    rule,
    is_new,
    count(*) as links,
    count(distinct carrier) as identifiers
from differences
group by 1, 2
"""
ROWS = """
    select
        rule,
        identifier_type || ':' || identifier_value as carrier,
        coalesce(other_type || ':' || other_value, '') as other
    from {conflicts}
"""


@dataclass(frozen=True, slots=True)
class ConflictChange:
    """One guard.

    Attributes:
        links_added, links_removed: links, or for oversized_profile profiles.
        identifiers_added, identifiers_removed: the identifiers that the guard looks at, of these.
    """

    rule: str
    links_added: int = 0
    links_removed: int = 0
    identifiers_added: int = 0
    identifiers_removed: int = 0

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "rule": self.rule,
            "links_added": self.links_added,
            "links_removed": self.links_removed,
            "identifiers_added": self.identifiers_added,
            "identifiers_removed": self.identifiers_removed,
        }


def conflict_changes(warehouse: Warehouse) -> list[ConflictChange]:
    """Compare the refusals with those of the shadow; guards without a difference are left out."""
    sql = DIFFERENCES.format(
        live=ROWS.format(conflicts=warehouse.relation(CONFLICTS)).strip(),
        planned=ROWS.format(conflicts=warehouse.relation(CONFLICTS, "plan")).strip(),
    )
    found = {
        (str(rule), bool(is_new)): (int(links), int(ids)) for rule, is_new, links, ids in warehouse.rows(sql)
    }
    changes = []
    for rule in RULES:
        added, removed = found.get((rule, True), (0, 0)), found.get((rule, False), (0, 0))
        if added != removed or added[0]:
            changes.append(ConflictChange(rule, added[0], removed[0], added[1], removed[1]))
    return changes
