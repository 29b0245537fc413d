"""What became of definitions: the rows of `audience_changes`, which dbt writes when it publishes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import md5
from typing import Any

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.wording import definition_text
from segmentloom_sync.warehouse.base import Warehouse

CHANGES = "audience_changes"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one definition.

    Attributes:
        change: added, changed or removed.
        changed_by: None where dbt ran by itself or git does not tell.
        is_uncommitted: whether the file was not as in the commit.
    """

    audience: str
    change: str
    changed_at: datetime
    changed_by: str | None
    git_commit: str | None
    is_uncommitted: bool | None
    old_hash: str | None
    new_hash: str | None
    old_definition: str | None
    new_definition: str | None

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return asdict(self)

    def difference(self) -> list[str]:
        """The lines of both definitions: those that went begin with -, those that came with +."""
        before, after = ((text or "").splitlines() for text in (self.old_definition, self.new_definition))
        compared = difflib.unified_diff(before, after, n=len(before), lineterm="")
        # The first lines name files and places.
        return [line for line in list(compared)[2:] if not line.startswith("@@")]


def changed_definitions(warehouse: Warehouse, audiences: Mapping[str, Audience]) -> set[str]:
    """The audiences whose files say something else than what was published last.

    Args:
        audiences: by name; one of which nothing was ever published is not among the changed.
    """
    if not warehouse.exists(CHANGES):
        return set()
    rows = warehouse.rows(
        f"""
        select
            audience,
            new_hash
        from {warehouse.relation(CHANGES)}
        where true
        qualify row_number() over (partition by audience order by changed_at desc) = 1
        """
    )
    return {
        name
        for name, digest in rows
        if digest is not None and name in audiences and digest != _digest(audiences[name])
    }


def _digest(audience: Audience) -> str:
    """What dbt writes down of a definition's text; see the macro `change_row`."""
    return md5(definition_text(audience.file).encode(), usedforsecurity=False).hexdigest()


def list_changes(
    warehouse: Warehouse, *, limit: int, audience: str | None = None, since: datetime | None = None
) -> list[Change]:
    """The newest changes, the newest first.

    Args:
        limit: how many at most.
        audience: only of this one.
        since: only those published then or later.
    """
    conditions = ["true"]
    parameters: dict[str, Any] = {}
    if audience is not None:
        conditions.append("audience = :audience")
        parameters["audience"] = audience
    if since is not None:
        conditions.append("changed_at >= :since")
        parameters["since"] = since
    rows = warehouse.rows(
        f"""
        select {", ".join(Change.__slots__)}
        from {warehouse.relation(CHANGES)}
        where {" and ".join(conditions)}
        order by changed_at desc, audience
        limit {int(limit)}
        """,
        **parameters,
    )
    return [Change(*row) for row in rows]


def changed_audiences(warehouse: Warehouse) -> list[str]:
    """The names of all audiences that ever were, sorted."""
    rows = warehouse.rows(f"select distinct audience from {warehouse.relation(CHANGES)} order by 1")
    return [str(name) for (name,) in rows]
