"""What a shadow is compared with: it must stay as it is, and have read the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segmentloom_sync import terminal
from segmentloom_sync.errors import TryAgainLater
from segmentloom_sync.identity.state import read_progress
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse


def require_unmoved(warehouse: Warehouse, before: Mapping[str, tuple[Any, ...]]) -> None:
    """Refuse to compare with live relations that a build has changed since the shadow was begun.

    Args:
        before: how far each model had come then.

    Raises:
        TryAgainLater: some model has come farther, or started anew.
    """
    now = read_progress(warehouse)
    moved = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if moved:
        raise TryAgainLater(
            f"a build has changed {', '.join(moved)} meanwhile, so the comparison means nothing",
            hint="try again when no build is under way",
        )


def warn_of_sources(project: Project) -> None:
    """Say that a shadow reads configured sources as they are; of landed loads it reads those that count."""
    sources = project.variables.get("segmentloom_sources") or ()
    names = [str(source.get("name")) for source in sources if isinstance(source, Mapping)]
    if names:
        terminal.warn(
            f"{', '.join(names)}: a configured source is read as it is now; what it got or lost since the "
            "last build counts as a difference. Run `dbt build` just before to see none of that"
        )
