"""What is known of replacements of all that a list holds; see `replace_members` for how one goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentloom_sync.sync import replacement_sql as sql
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.warehouse.base import Warehouse


@dataclass(frozen=True, slots=True)
class Replacement:
    """One that was asked for.

    Attributes:
        state: `sending` until all are there anew, `asked` while the platform removes the others, `done`.
        added_before: whose last addition is earlier is removed.
        begun_token: the fencing token of the run that began it.
        all_sent_at: since when nobody of before is left to be sent anew; later requests add newcomers.
        message: why the platform did not do it, when it was asked before.
    """

    state: str
    requested_by: str
    started_at: datetime
    added_before: datetime
    begun_token: int
    all_sent_at: datetime | None = None
    request_id: str | None = None
    asked_at: datetime | None = None
    poll_at: datetime | None = None
    finished_at: datetime | None = None
    message: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Stable keys for `--json`."""
        return {
            "state": self.state,
            "requested_by": self.requested_by,
            "started_at": self.started_at.isoformat(),
            "added_before": self.added_before.isoformat(),
            "asked_at": self.asked_at.isoformat() if self.asked_at else None,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "message": self.message,
        }

    def __str__(self) -> str:
        begun = f"asked for by {self.requested_by} on {self.started_at:%Y-%m-%d %H:%M} UTC"
        moment = f"{self.added_before:%Y-%m-%d %H:%M} UTC"
        if self.state == "sending":
            return f"everybody is sent anew ({begun}); whoever is not is removed once all that is answered"
        if self.state == "asked":
            return f"the platform removes whoever was last added before {moment} ({begun})"
        return f"replaced: the platform has removed whoever was last added before {moment} ({begun})"


def under_way(session: SyncSession) -> Replacement | None:
    """The one that is not finished, if there is one."""
    rows = session.rows(sql.UNDER_WAY, replacement_names(session.warehouse))
    return Replacement(*rows[0]) if rows else None


def last_removal(session: SyncSession) -> datetime | None:
    """When a platform last removed whoever was not sent anew, or was asked to; None where it never was."""
    [(removed_at,)] = session.rows(sql.LAST_REMOVAL, replacement_names(session.warehouse))
    return removed_at if isinstance(removed_at, datetime) else None


def replacements_under_way(warehouse: Warehouse) -> Mapping[tuple[str, str], Replacement]:
    """Those of all lists, by destination and name of the list; empty before the first run made the table."""
    if not warehouse.exists("replacements", "sync"):
        return {}
    rows = warehouse.rows(sql.OF_ALL_LISTS.format(**replacement_names(warehouse)))
    return {(str(destination), str(name)): Replacement(*row) for destination, name, *row in rows}


def replacement_names(warehouse: Warehouse) -> dict[str, str]:
    """What the templates of `replacement_sql` name, for `SyncSession.statement`."""
    return {"replacements": warehouse.relation("replacements", "sync")}
