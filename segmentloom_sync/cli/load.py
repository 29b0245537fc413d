"""`segmentloom-sync load`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.cli.shown import counted

if TYPE_CHECKING:
    from segmentloom_sync.landing.load import Loaded
    from segmentloom_sync.project import Project

_LONGEST_NAME = 100


@app.command()
def load(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files of JSON lines, plain or gzip; folders of them; - for standard input.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str,
        typer.Option("--source", help="Name of the source; event ids are unique within it.", metavar="NAME"),
    ] = "load",
    spool: Annotated[
        Path | None,
        typer.Option(
            "--spool",
            help="Load what a collector keeps in this folder, not files; sources are those of its keys.",
            metavar="DIR",
        ),
    ] = None,
    retain_hours: Annotated[
        float,
        typer.Option(
            "--retain-hours",
            help="How long files of the spool are kept after they were loaded.",
            min=0,
            max=8760,
        ),
    ] = 24,
    json: Json = False,
    config: Config = None,
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    project_dir: ProjectDir = None,
) -> None:
    """Land events from files, or from a collector's spool, in the warehouse.

    Each line is an event, or a batch of them as SDKs send it: {"batch": [...]}. Keys may be in snake_case
    or in Segment's camelCase. The same file again lands nothing, and an event counts once however often
    it comes. Phone numbers are landed as + and digits, too; those without a country code are read as of
    the default_phone_region in segmentloom.yml. Refused lines are kept with their reason in
    <schema>_raw.rejected_events; the exit code is 1 then.

    Example: segmentloom-sync load events/2026-11-20.jsonl.gz --source shop

    Example: segmentloom-sync load --spool /var/lib/segmentloom/spool
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
    if spool is not None:
        if files:
            raise ConfigError("load takes files or --spool, not both", hint="load them one after the other")
        _load_spool(project, spool, region, retain_hours, as_json=json)
        return
    if not files:
        raise ConfigError(
            "there is nothing to load", hint="name files or folders, - for standard input, or --spool DIR"
        )
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


def _load_spool(
    project: Project, directory: Path, region: str | None, retain_hours: float, *, as_json: bool
) -> None:
    from segmentloom_sync.cli.spool_report import print_spool
    from segmentloom_sync.errors import ConfigError
    from segmentloom_sync.spool.keys import KEY_VARIABLE, read_keys
    from segmentloom_sync.spool.load import load_spool

    with terminal.progress("loading segments") as progress:
        loaded = load_spool(
            project,
            directory,
            keys=read_keys(),
            phone_region=region,
            retain_hours=retain_hours,
            progress=progress,
        )
    print_spool(loaded, directory, as_json=as_json)
    if loaded.unknown_keys:
        raise ConfigError(
            f"segments wait for keys that are not given: {', '.join(loaded.unknown_keys)}",
            hint=f"add them to {KEY_VARIABLE}, behind the current one",
        )
    if loaded.events.rejected or loaded.quarantined:
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
