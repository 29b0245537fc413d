"""What `init --inspect` shows: an entry for segmentloom_sources, and rows as events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import typer

from segmentloom_sync import terminal

_SHOWN = ("type", "event", "occurred_at", "user_id", "anonymous_id", "email", "properties", "reason")


def inspect_relation(
    relation: str,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    *,
    show_values: bool,
    as_json: bool,
) -> None:
    """Look at a relation of the project's warehouse and print what to configure; writes nothing."""
    import yaml

    from segmentloom_sync.project import Project
    from segmentloom_sync.sources.inspect import inspect
    from segmentloom_sync.sources.masking import masked, plain
    from segmentloom_sync.warehouse.connect import connect

    project = Project.find(project_dir, profiles_dir, target)
    with closing(connect(project, read_only=True)) as warehouse:
        found = inspect(project, warehouse, relation)
    rows = [plain(row) for row in found.rows]
    if not show_values:
        rows = [masked(row) for row in rows]
    text = yaml.safe_dump(
        {"vars": {"segmentloom_sources": [dict(found.source)]}}, sort_keys=False, allow_unicode=True
    )
    if as_json:
        terminal.print_json(
            {
                "relation": relation,
                "source": dict(found.source),
                "yaml": text,
                "rows": rows,
                "is_masked": not show_values,
            }
        )
        return
    terminal.say(f"{relation} reads as kind {found.source['kind']}; add this to dbt_project.yml:")
    typer.echo(text)
    _print_rows(rows)
    if rows and not show_values:
        terminal.say("values are masked: letters are x, digits 9; --show-values shows them")


def _print_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    from segmentloom_sync.cli.shown import shown, table

    if not rows:
        terminal.say("it has no rows yet")
        return
    columns = [name for name in _SHOWN if any(row[name] for row in rows)]
    printed = table(columns)
    for row in rows:
        printed.add_row(*("" if row[name] in (None, {}) else shown(row[name]) for name in columns))
    terminal.stdout().print(printed)
