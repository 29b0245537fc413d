"""What people decided about single links: which of them join nothing any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.oracles.events import Identifier
from tests.oracles.identity import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A row of `S.identity_overrides`; which of the two identifiers comes first means nothing."""

    override_id: str
    decided_at: datetime
    action: str
    identifier: Identifier
    other: Identifier

    @property
    def link(self) -> Link:
        """The pair that was decided about."""
        return frozenset({self.identifier, self.other})


def suppressed_links(overrides: Iterable[Override]) -> frozenset[Link]:
    """The pairs whose latest decision is an unmerge, whatever order the decisions came in."""
    latest = {
        one.link: one.action for one in sorted(overrides, key=lambda one: (one.decided_at, one.override_id))
    }
    return frozenset(link for link, action in latest.items() if action == "unmerge")
