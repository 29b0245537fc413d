"""How two identifiers are connected, or what stands between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.decisions import OVERRIDES, Decision, latest_decision
from segmentloom_sync.identity.find_profile import NEEDED as FINDING
from segmentloom_sync.identity.find_profile import Found, profile_of
from segmentloom_sync.identity.graph import profile_graph
from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.links import COLUMNS, KEPT, LINKS, REFUSED, Link, link_between
from segmentloom_sync.identity.profile_identifiers import oldest_identifier
from segmentloom_sync.identity.refusals import Refusal, refusals
from segmentloom_sync.warehouse.base import Warehouse

NEEDED = (*FINDING, LINKS, KEPT, REFUSED, OVERRIDES)
MOST_UNMERGED = 10


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A link that an unmerge keeps from counting, and that unmerge."""

    link: Link
    decision: Decision

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {"link": self.link.document(), "decision": self.decision.document()}


@dataclass(frozen=True, slots=True)
class PathAnswer:
    """The way from one identifier to another.

    Attributes:
        path: the fewest links that lead there; None when none do.
        direct: the link of the two themselves, whether or not it counts.
        refused_by: the guards against it.
        decision: what a person decided of it last.
        unmerged: where no path leads, the earliest links between the two profiles that were unmerged.
    """

    start: Identifier
    end: Identifier
    profile_id: str
    end_profile_id: str
    path: tuple[Link, ...] | None
    direct: Link | None
    refused_by: tuple[Refusal, ...] = ()
    decision: Decision | None = None
    unmerged: tuple[Unmerged, ...] = ()

    def document(self) -> dict[str, Any]:
        """The keys of `profile --path --json`."""
        return {
            "profile_id": self.profile_id,
            "other_profile_id": self.end_profile_id,
            "from": self.start.document(),
            "to": self.end.document(),
            "path": None if self.path is None else [link.document() for link in self.path],
            "direct_link": self.direct.document() if self.direct else None,
            "refused_by": [refusal.document() for refusal in self.refused_by],
            "decision": self.decision.document() if self.decision else None,
            "unmerged_links": [one.document() for one in self.unmerged],
        }


def explain_path(warehouse: Warehouse, found: Found, end: Identifier) -> PathAnswer:
    """The path from what was asked for, or the profile's oldest identifier, to another identifier.

    Raises:
        ConfigError: no event shows the other one.
    """
    end_profile_id = profile_of(warehouse, end)
    if end_profile_id is None:
        raise ConfigError(
            f"no event that was built has the {end.type} of --path",
            hint=f"`segmentloom-sync profile {found.profile_id}` lists the identifiers of the profile",
        )
    start = found.identifier or oldest_identifier(warehouse, found.profile_id)
    direct = link_between(warehouse, start, end)
    path = None
    if end_profile_id == found.profile_id:
        path = profile_graph(warehouse, found.profile_id).path(start, end)
    return PathAnswer(
        start=start,
        end=end,
        profile_id=found.profile_id,
        end_profile_id=end_profile_id,
        path=None if path is None else tuple(path),
        direct=direct,
        refused_by=tuple(refusals(warehouse, direct)) if direct else (),
        decision=latest_decision(warehouse, direct.identifier, direct.other) if direct else None,
        unmerged=() if path is not None else tuple(_unmerged(warehouse, found.profile_id, end_profile_id)),
    )


def _unmerged(warehouse: Warehouse, profile_id: str, other_profile_id: str) -> Iterator[Unmerged]:
    """The links that would make one of two profiles, were they not unmerged; refused ones left out."""
    members = warehouse.relation("int_segmentloom__identity_map")
    overrides = warehouse.relation(OVERRIDES)
    rows = warehouse.rows(
        f"""
        with

        decided as (

            select
                identifier_type,
                identifier_value,
                other_type,
                other_value
            from {overrides}
            union distinct
            select
                other_type as identifier_type,
                other_value as identifier_value,
                identifier_type as other_type,
                identifier_value as other_value
            from {overrides}

        )

        select {COLUMNS}
        from {warehouse.relation(LINKS)} as links
        inner join decided
            on
                links.identifier_type = decided.identifier_type
                and links.identifier_value = decided.identifier_value
                and links.other_type = decided.other_type
                and links.other_value = decided.other_value
        inner join {members} as ones on links.identifier_key = ones.identifier_key
        inner join {members} as others on links.other_key = others.identifier_key
        where
            (ones.profile_id = :profile_id and others.profile_id = :other_profile_id)
            or (ones.profile_id = :other_profile_id and others.profile_id = :profile_id)
        order by links.first_seen_at, links.source_id, links.event_id
        limit {MOST_UNMERGED}
        """,
        profile_id=profile_id,
        other_profile_id=other_profile_id,
    )
    for link in map(Link.of_row, rows):
        decision = latest_decision(warehouse, link.identifier, link.other)
        if decision is not None and decision.action == "unmerge" and not refusals(warehouse, link):
            yield Unmerged(link, decision)
