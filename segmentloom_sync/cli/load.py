"""`segmentloom-sync load`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.cli.shown import counted

if TYPE_CHECKING:
    from segmentloom_sync.landing.load import Loaded

_LONGEST_NAME = 100


@app.command()
def load(
    files: Annotated[
        list[str],
        typer.Argument(help="Files of JSON lines, plain or gzip; folders of them; - for standard input."),
    ],
    source: Annotated[
        str,
        typer.Option("--source", help="Name of the source; event ids are unique within it.", metavar="NAME"),
    ] = "load",
    json: Json = False,
    config: Config = None,
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    project_dir: ProjectDir = None,
) -> None:
    """Land events from files in the warehouse.

    Each line is an event, or a batch of them as SDKs send it: {"batch": [...]}. Keys may be in snake_case
    or in Segment's camelCase. The same file again lands nothing, and an event counts once however often
    it comes. Phone numbers are landed as + and digits, too; those without a country code are read as of
    the default_phone_region in segmentloom.yml. Refused lines are kept with their reason in
    <schema>_raw.rejected_events; the exit code is 1 then.

    Example: segmentloom-sync load events/2026-11-20.jsonl.gz --source shop
    """
    import gc
    from datetime import UTC, datetime
    from functools import reduce
    from operator import add

    from segmentloom_sync.errors import ConfigError
    from segmentloom_sync.landing.files import find
    from segmentloom_sync.landing.load import Loaded, Loader
    from segmentloom_sync.phone_region import configured_phone_region
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    source = source.strip()
    if not source or len(source) > _LONGEST_NAME or not source.isprintable():
        raise ConfigError(f"--source must be a name of 1 to {_LONGEST_NAME} printable characters")
    project = Project.find(project_dir, profiles_dir, target)
    region = configured_phone_region(project, config)
    found = find(files)
    # Rows are freed by reference counts; the collector would look for cycles among them again and again.
    gc.set_threshold(100_000, 50, 100)
    warehouse = connect(project)
    try:
        loader = Loader(warehouse, source, lambda: datetime.now(UTC), region)
        with terminal.progress("loading", sum(file.line_count for file in found)) as progress:
            loaded = reduce(add, (loader.load(file, progress) for file in found), Loaded())
        rejected_relation = warehouse.relation("rejected_events", "raw")
    finally:
        warehouse.close()

    _print(loaded, len(found), as_json=json)
    if loaded.rejected:
        terminal.say(f"rejected lines are kept: select * from {rejected_relation}")
        raise typer.Exit(1)


def _print(loaded: Loaded, files: int, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(
            {
                "files": files,
                "read": loaded.read,
                "landed": loaded.landed,
                "duplicates": loaded.duplicates,
                "rejected": loaded.rejected,
                "reasons": dict(loaded.reasons),
                "unusable_phones": loaded.unusable_phones,
            }
        )
        return
    terminal.stdout().print(
        f"{counted(loaded.landed, 'event')} landed from {counted(files, 'file')}; "
        f"{counted(loaded.duplicates, 'duplicate')}, {loaded.rejected:,} rejected of {loaded.read:,} read"
    )
    if loaded.unusable_phones:
        terminal.stdout().print(
            f"  {counted(loaded.unusable_phones, 'phone number')} without a country code or not whole; "
            "kept as sent, never sent on"
        )
    for reason, count in sorted(loaded.reasons.items()):
        terminal.stdout().print(f"  {count:,} x {reason}", markup=False)
