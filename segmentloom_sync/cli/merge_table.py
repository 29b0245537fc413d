"""Rows of the audit as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from segmentloom_sync.cli.shown import shown, shown_time, table
from segmentloom_sync.identity.graph import far_end

if TYPE_CHECKING:
    from rich.table import Table

    from segmentloom_sync.identity.identifier import Identifier
    from segmentloom_sync.identity.links import Link
    from segmentloom_sync.identity.merges import Merge


def merge_table(merges: Iterable[Merge]) -> Table:
    """One line for each."""
    rows = table(
        (
            "happened",
            "kind",
            "surviving profile",
            "absorbed profile",
            "link",
            "rule",
            "by",
            "reason",
            "merge id",
        )
    )
    for merge in merges:
        link = f"{shown(merge.ends[0])} - {shown(merge.ends[1])}" if merge.ends else ""
        rows.add_row(
            shown_time(merge.happened_at),
            merge.kind,
            merge.surviving_profile_id,
            merge.absorbed_profile_id,
            link,
            merge.rule or "",
            shown(merge.requested_by or ""),
            shown(merge.reason or ""),
            merge.merge_id,
        )
    return rows


def path_table(start: Identifier, path: Iterable[Link]) -> Table:
    """One line for each link of a path, in the direction in which it is walked."""
    rows = table(("from", "to", "rule", "source", "event", "occurred"))
    here = start
    for link in path:
        there = far_end(link, here)
        rows.add_row(shown(here), shown(there), *_event(link))
        here = there
    return rows


def link_table(links: Iterable[Link]) -> Table:
    """One line for each link, with the earliest event that shows it."""
    rows = table(("identifier", "other", "rule", "source", "event", "occurred"))
    for link in links:
        rows.add_row(
            shown(link.identifier),
            shown(link.other),
            *_event(link),
        )
    return rows


def _event(link: Link) -> tuple[str, str, str, str]:
    return link.rule, shown(link.source_id), shown(link.event_id), shown_time(link.first_seen_at)
