"""What people decided about lists: the releases, replacements and rebinds that runs have recorded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.dbt_types import DBT_TYPES

RELEASED, REPLACED, REBOUND = "released", "replaced", "rebound"

# By table: what its rows say, when, by whom, and what of the run or the place belongs to it.
_QUERIES: Final = {
    "runs": f"""
        select
            runs.audience,
            runs.destination,
            runs.list_name,
            '{RELEASED}' as decision,
            runs.started_at as decided_at,
            runs.released_by as decided_by,
            runs.run_id,
            cast(null as {{text}}) as target
        from {{runs}} as runs
        where runs.released_by is not null
    """,
    "replacements": f"""
        select
            replacements.audience,
            replacements.destination,
            replacements.list_name,
            '{REPLACED}' as decision,
            replacements.started_at as decided_at,
            replacements.requested_by as decided_by,
            replacements.run_id,
            cast(null as {{text}}) as target
        from {{replacements}} as replacements
        where replacements.requested_by is not null
    """,
    "lists": f"""
        select
            lists.audience,
            lists.destination,
            lists.list_name,
            '{REBOUND}' as decision,
            lists.recorded_at as decided_at,
            lists.bound_by as decided_by,
            cast(null as {{text}}) as run_id,
            lists.target
        from {{lists}} as lists
        where lists.bound_by is not null
    """,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one list.

    Attributes:
        decision: released (`--release`), replaced (`--replace`) or rebound (`--rebind`).
        run_id: the run that it was made for; None for a rebind.
        target: the dbt target that a list was bound to; None for the others.
    """

    audience: str
    destination: str
    list_name: str
    decision: str
    decided_at: datetime
    decided_by: str
    run_id: str | None
    target: str | None

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        document = asdict(self)
        document["list"] = document.pop("list_name")
        return document


def list_decisions(
    warehouse: Warehouse, *, limit: int, audience: str | None = None, since: datetime | None = None
) -> list[Decision]:
    """The newest decisions, the newest first.

    Args:
        limit: how many at most.
        audience: only about lists of this one.
        since: only those made then or later.
    """
    conditions, parameters = ["true"], dict[str, Any]()
    if audience is not None:
        conditions.append("decisions.audience = :audience")
        parameters["audience"] = audience
    if since is not None:
        conditions.append("decisions.decided_at >= :since")
        parameters["since"] = since
    made = _made(warehouse)
    if made is None:
        return []
    rows = warehouse.rows(
        f"""
        select {", ".join(f"decisions.{name}" for name in Decision.__slots__)}
        from ({made}) as decisions
        where {" and ".join(conditions)}
        order by decisions.decided_at desc, decisions.audience, decisions.destination, decisions.list_name
        limit {int(limit)}
        """,
        **parameters,
    )
    return [Decision(*row) for row in rows]


def decided_audiences(warehouse: Warehouse) -> list[str]:
    """The names of all audiences about whose lists anything was decided, sorted."""
    made = _made(warehouse)
    if made is None:
        return []
    rows = warehouse.rows(f"select distinct audience from ({made}) as decisions order by 1")
    return [str(name) for (name,) in rows]


def _made(warehouse: Warehouse) -> str | None:
    """A query of all decisions; None before the first sync."""
    text = DBT_TYPES[warehouse.engine]["string"]
    queries = [
        query.format(text=text, **{name: warehouse.relation(name, "sync")})
        for name, query in _QUERIES.items()
        if warehouse.exists(name, "sync")
    ]
    return " union all ".join(queries) if queries else None
