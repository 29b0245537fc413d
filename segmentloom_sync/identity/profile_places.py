"""Where a profile went: its audiences, and the lists of destinations that may hold its identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentloom_sync.warehouse.base import Warehouse


@dataclass(frozen=True, slots=True)
class Membership:
    """A profile's place in an audience."""

    audience: str
    profile_id: str
    entered_at: datetime

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {"audience": self.audience, "entered_at": self.entered_at}


@dataclass(frozen=True, slots=True)
class Holding:
    """A row of the ledger: what one list may hold. The hash itself, personal data, stays in the warehouse.

    Attributes:
        identifier_type: the kind of identifier.
        state: pending, sent, accepted, rejected or removing.
        may_hold: whether the list may have it, whatever the state says.
    """

    destination: str
    list_name: str
    audience: str
    identifier_type: str
    state: str
    may_hold: bool
    updated_at: datetime

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "destination": self.destination,
            "list": self.list_name,
            "audience": self.audience,
            "identifier_type": self.identifier_type,
            "state": self.state,
            "may_hold": self.may_hold,
            "updated_at": self.updated_at,
        }


def memberships(warehouse: Warehouse, profile_ids: Sequence[str]) -> list[Membership]:
    """The audiences that some profiles are in now; none before audiences were published."""
    if not profile_ids or not warehouse.exists("audience_membership"):
        return []
    names = [f"profile_{number}" for number in range(len(profile_ids))]
    rows = warehouse.rows(
        f"""
        select
            audience,
            profile_id,
            entered_at
        from {warehouse.relation("audience_membership")}
        where profile_id in ({", ".join(f":{name}" for name in names)})
        order by
            audience,
            profile_id
        """,
        **dict(zip(names, profile_ids, strict=True)),
    )
    return [
        Membership(str(audience), str(profile_id), entered_at) for audience, profile_id, entered_at in rows
    ]


def holdings(warehouse: Warehouse, profile_id: str) -> list[Holding]:
    """What the lists may hold of a profile: its identifiers, and former ones of it that are nobody's now.

    Nothing before the first sync.
    """
    if not warehouse.exists("ledger", "sync") or not warehouse.exists("hashed_identifiers"):
        return []
    rows = warehouse.rows(
        f"""
        with

        known as (

            select
                identifier_type,
                identifier,
                max(case when profile_id = :profile_id then 1 else 0 end) as is_own
            from {warehouse.relation("hashed_identifiers")}
            group by
                identifier_type,
                identifier

        )

        select
            ledger.destination,
            ledger.list_name,
            ledger.audience,
            ledger.identifier_type,
            ledger.state,
            ledger.may_hold,
            ledger.updated_at
        from {warehouse.relation("ledger", "sync")} as ledger
        left join known
            on
                ledger.identifier_type = known.identifier_type
                and ledger.identifier = known.identifier
        where
            known.is_own = 1
            or (known.identifier is null and ledger.member_key = :profile_id)
        order by
            ledger.destination,
            ledger.list_name,
            ledger.identifier_type,
            ledger.identifier
        """,
        profile_id=profile_id,
    )
    return [
        Holding(
            str(destination),
            str(list_name),
            str(audience),
            str(kind),
            str(state),
            bool(may_hold),
            updated_at,
        )
        for destination, list_name, audience, kind, state, may_hold, updated_at in rows
    ]
