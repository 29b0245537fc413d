"""Previews all audiences of a project at once, as `segmentloom-sync preview` does one."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from segmentloom_sync import terminal
from segmentloom_sync.project import Project


def preview_all(project: Project) -> list[dict[str, Any]]:
    """What `preview NAME --json` prints for every audience, in name order."""
    from segmentloom_sync.audiences.library import load_audiences
    from segmentloom_sync.audiences.preview import Previewer
    from segmentloom_sync.audiences.preview_destinations import DestinationCounter, configured_choices
    from segmentloom_sync.warehouse.connect import connect

    audiences, _ = load_audiences(project)
    configured = configured_choices(project.directory, None)
    now = datetime.now(UTC)
    documents = []
    with closing(connect(project, read_only=True)) as warehouse:
        previewer = Previewer(project, warehouse, audiences, now)
        for name, audience in sorted(audiences.items()):
            terminal.say(f"$ segmentloom-sync preview {name}")
            counter = DestinationCounter(warehouse, name, now, configured)
            documents.append(previewer.preview(audience, counter).document())
    return documents
