"""The kept links of one profile as a graph: how its identifiers hang together."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from segmentloom_sync.identity.identifier import Identifier
from segmentloom_sync.identity.links import COLUMNS, KEPT, Link
from segmentloom_sync.warehouse.base import Warehouse

MOST_LINKS = 200_000
"""Links that are followed: a profile with more is no person, and reading them would take minutes."""


@dataclass(frozen=True, slots=True)
class Step:
    """How a breadth-first search came to an identifier.

    Attributes:
        distance: links from the start.
        link: the last of them; None at the start.
    """

    distance: int
    link: Link | None


@dataclass(slots=True)
class Graph:
    """Links by identifier, the earliest first.

    Args:
        links: in any order.
        is_whole: False when there were more links than are followed.
    """

    links: Sequence[Link]
    is_whole: bool = True
    _of: dict[Identifier, list[Link]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for link in sorted(self.links, key=lambda link: (*link.order, link.identifier, link.other)):
            self._of.setdefault(link.identifier, []).append(link)
            self._of.setdefault(link.other, []).append(link)

    def steps(self, start: Identifier) -> dict[Identifier, Step]:
        """Every identifier that links reach from the start, with a shortest way to it.

        Earlier links are followed first, so the answer does not depend on the order of rows.
        """
        found = {start: Step(0, None)}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for link in self._of.get(here, ()):
                there = far_end(link, here)
                if there not in found:
                    found[there] = Step(found[here].distance + 1, link)
                    queue.append(there)
        return found

    def path(self, start: Identifier, end: Identifier) -> list[Link] | None:
        """The links from one identifier to another, the fewest possible; None when none lead there."""
        steps = self.steps(end)
        if start not in steps:
            return None
        path = []
        here = start
        while (link := steps[here].link) is not None:
            path.append(link)
            here = far_end(link, here)
        return path

    def without(self, link: Link) -> Graph:
        """The graph as if a link did not count."""
        rest = [each for each in self.links if (each.identifier, each.other) != (link.identifier, link.other)]
        return Graph(rest, self.is_whole)


def far_end(link: Link, near: Identifier) -> Identifier:
    """The other end of a link."""
    return link.other if link.identifier == near else link.identifier


def profile_graph(warehouse: Warehouse, profile_id: str) -> Graph:
    """The kept links of a profile, up to `MOST_LINKS`, the earliest of them."""
    rows = warehouse.rows(
        f"""
        select {COLUMNS}
        from {warehouse.relation(KEPT)} as links
        inner join {warehouse.relation("int_segmentloom__identity_map")} as ends
            on links.identifier_key = ends.identifier_key
        where ends.profile_id = :profile_id
        order by links.first_seen_at, links.source_id, links.event_id
        limit {MOST_LINKS + 1}
        """,
        profile_id=profile_id,
    )
    return Graph([Link.of_row(row) for row in rows[:MOST_LINKS]], len(rows) <= MOST_LINKS)
