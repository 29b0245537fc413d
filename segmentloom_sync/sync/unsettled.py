"""The audiences that `run --due` takes before their cadence says so."""

from __future__ import annotations

from collections.abc import Mapping

from segmentloom_sync.audiences.changes import changed_definitions
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.sync.evaluations import failed_evaluations
from segmentloom_sync.sync.runs import unfinished_audiences
from segmentloom_sync.sync.unfollowed import followed_lists
from segmentloom_sync.warehouse.base import Warehouse


def unsettled_audiences(warehouse: Warehouse, audiences: Mapping[str, Audience]) -> set[str]:
    """Those whose last sync has to be tried again, whose tests failed, or whose file says otherwise now.

    Args:
        audiences: all of the project, by name.
    """
    has_runs = warehouse.exists("runs", "sync")
    unfinished = unfinished_audiences(warehouse, followed_lists(audiences.values())) if has_runs else ()
    return {*unfinished, *failed_evaluations(warehouse), *changed_definitions(warehouse, audiences)}
