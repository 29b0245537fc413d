"""What merged, split or renamed profiles, from the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from segmentloom_sync.identity.find_profile import MERGES, REDIRECTS
from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.dbt_types import DBT_TYPES

NEEDED = (MERGES, REDIRECTS)

Kind = Literal["merge", "split", "rename"]

_COLUMNS = """
    merges.merge_id,
    merges.happened_at,
    merges.kind,
    merges.surviving_profile_id,
    merges.absorbed_profile_id,
    merges.identifier_type,
    merges.identifier_value,
    merges.other_type,
    merges.other_value,
    merges.source_id,
    merges.event_id,
    merges.rule,
    merges.run_id,
    merges.reason,
    merges.requested_by
"""

# A profile's history is also that of the profiles that it absorbed under their own names.
_OF_PROFILE = """
    (
        merges.surviving_profile_id in (select own.profile_id from own)
        or merges.absorbed_profile_id in (select own.profile_id from own)
    )
"""


@dataclass(frozen=True, slots=True)
class Merge:
    """One row of the audit.

    Attributes:
        absorbed_profile_id: merge: the one that is no profile of its own any more; split: the one that came
            back; rename: the old id.
        ends: the two identifiers of the link behind it; None for a change without one.
    """

    merge_id: str
    happened_at: datetime
    kind: str
    surviving_profile_id: str
    absorbed_profile_id: str
    ends: tuple[Identifier, Identifier] | None
    source_id: str | None
    event_id: str | None
    rule: str | None
    run_id: str | None
    reason: str | None
    requested_by: str | None

    @classmethod
    def of_row(cls, row: tuple[Any, ...]) -> Merge:
        """A row of the query's columns."""
        merge_id, happened_at, kind, surviving, absorbed = row[:5]
        ends = None
        if all(value is not None for value in row[5:9]):
            ends = Identifier(str(row[5]), str(row[6])), Identifier(str(row[7]), str(row[8]))
        return cls(str(merge_id), happened_at, str(kind), str(surviving), str(absorbed), ends, *row[9:])

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "merge_id": self.merge_id,
            "happened_at": self.happened_at,
            "kind": self.kind,
            "surviving_profile_id": self.surviving_profile_id,
            "absorbed_profile_id": self.absorbed_profile_id,
            "identifier": self.ends[0].document() if self.ends else None,
            "other": self.ends[1].document() if self.ends else None,
            "source_id": self.source_id,
            "event_id": self.event_id,
            "rule": self.rule,
            "run_id": self.run_id,
            "reason": self.reason,
            "requested_by": self.requested_by,
        }


def list_merges(
    warehouse: Warehouse,
    *,
    limit: int,
    kind: Kind | None = None,
    since: datetime | None = None,
    profile_id: str | None = None,
) -> list[Merge]:
    """The newest rows of the audit.

    Args:
        limit: how many at most.
        kind: only these.
        since: only those that happened then or later.
        profile_id: only those of a profile, and of those that are part of it now.
    """
    conditions = ["true"]
    parameters: dict[str, Any] = {}
    own = ""
    if kind is not None:
        conditions.append("merges.kind = :kind")
        parameters["kind"] = kind
    if since is not None:
        conditions.append("merges.happened_at >= :since")
        parameters["since"] = since
    if profile_id is not None:
        conditions.append(_OF_PROFILE)
        parameters["profile_id"] = profile_id
        own = f"with own as ({_own(warehouse)})"
    rows = warehouse.rows(
        f"""
        {own}
        select {_COLUMNS}
        from {warehouse.relation(MERGES)} as merges
        where {" and ".join(conditions)}
        order by merges.happened_at desc, merges.merge_id
        limit {int(limit)}
        """,
        **parameters,
    )
    return [Merge.of_row(row) for row in rows]


def find_merge(warehouse: Warehouse, merge_id: str) -> Merge | None:
    """One row by its id."""
    rows = warehouse.rows(
        f"select {_COLUMNS} from {warehouse.relation(MERGES)} as merges where merges.merge_id = :merge_id",
        merge_id=merge_id,
    )
    return Merge.of_row(rows[0]) if rows else None


def merges_of_run(warehouse: Warehouse, run_id: str) -> list[Merge]:
    """What one dbt run changed."""
    rows = warehouse.rows(
        f"""
        select {_COLUMNS}
        from {warehouse.relation(MERGES)} as merges
        where merges.run_id = :run_id
        order by merges.kind, merges.merge_id
        """,
        run_id=run_id,
    )
    return [Merge.of_row(row) for row in rows]


def _own(warehouse: Warehouse) -> str:
    """The ids of a profile: its own and those that lead to it."""
    text = DBT_TYPES[warehouse.engine]["string"]
    return f"""
        select cast(:profile_id as {text}) as profile_id
        union all
        select redirects.former_profile_id as profile_id
        from {warehouse.relation(REDIRECTS)} as redirects
        where redirects.profile_id = :profile_id
    """
