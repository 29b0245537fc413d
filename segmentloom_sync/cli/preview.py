"""`preview`: how many people an audience has, without building it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.errors import ConfigError, DefinitionError, SegmentloomError, TryAgainLater

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segmentloom_sync.audiences.choose import Choice
    from segmentloom_sync.audiences.preview import PreparedPreview
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.base import Warehouse

LIST_PRICE_PER_TIB: Final = 6.25
"""US dollars, on demand, in the multi-region US (https://cloud.google.com/bigquery/pricing)."""


@app.command()
def preview(
    audience: Annotated[
        str,
        typer.Argument(help="An audience's name, a file, or - for standard input.", metavar="AUDIENCE|FILE"),
    ],
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="The time that windows end at, UTC unless it has a zone; default: now."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Count again whenever the file is saved, until Ctrl-C.")
    ] = False,
    max_bytes: Annotated[
        int | None,
        typer.Option(
            "--max-bytes", min=1, help="BigQuery: read nothing if more bytes than this would be.", metavar="N"
        ),
    ] = None,
    price_per_tib: Annotated[
        float,
        typer.Option(
            "--price-per-tib",
            min=0,
            envvar="SEGMENTLOOM_PRICE_PER_TIB",
            help="BigQuery: what 2^40 bytes cost you, for the estimate; default: the list price in USD.",
            metavar="PRICE",
        ),
    ] = LIST_PRICE_PER_TIB,
    json: Json = False,
    config: Config = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Count an audience, condition by condition and for each destination. Nothing is written.

    A file need not be in audiences/ nor be saved as one yet; the audiences that it uses are counted from
    their files. Traits and profiles are those of the last build, whatever --as-of says; with it, what a
    sync would add and remove is left out.

    Examples: segmentloom-sync preview pricing_intent --as-of 2026-07-01,
    segmentloom-sync preview drafts/pricing.yml --watch
    """
    from segmentloom_sync.audiences.choose import STANDARD_INPUT
    from segmentloom_sync.cli.moments import moment
    from segmentloom_sync.cli.preview_report import print_preview
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.visits import Visits

    if watch and audience == STANDARD_INPUT:
        raise ConfigError("standard input cannot be watched", hint="give --watch a file")
    at = moment(as_of, "--as-of")
    project = Project.find(project_dir, profiles_dir, target)
    with closing(Visits(project)) as visits:

        def count(choice: Choice) -> None:
            with visits.visit() as warehouse:
                prepared = _prepare(project, warehouse, choice, at, config)
                estimate = prepared.estimated_bytes(max_bytes)
                cost = None if estimate is None else round(estimate / 2**40 * price_per_tib, 4)
                if estimate is not None:
                    terminal.say(
                        f"{warehouse.engine} estimates that this reads {estimate:,} bytes, "
                        f"which cost {cost:,.4f} at {price_per_tib:g} per TiB"
                    )
                result = prepared.count()
            if json:
                terminal.print_json({**result.document(), "estimated_cost": cost})
            else:
                print_preview(result)

        if watch:
            _follow(project, audience, config, count)
        count(_choose(project, audience, config))


def _choose(project: Project, wanted: str, config: Path | None) -> Choice:
    from segmentloom_sync.audiences.choose import choose_audience
    from segmentloom_sync.audiences.known_names import configured_destinations

    destinations = configured_destinations(project.directory, config)
    choice = choose_audience(project, wanted, destinations=destinations)
    for warning in choice.warnings:
        terminal.warn(warning)
    return choice


def _prepare(
    project: Project, warehouse: Warehouse, choice: Choice, at: datetime | None, config: Path | None
) -> PreparedPreview:
    from segmentloom_sync.audiences.preview import Previewer

    now = datetime.now(UTC)
    previewer = Previewer(project, warehouse, choice.others, at or now)
    if not choice.audience.sync:
        return previewer.prepare(choice.audience)
    from segmentloom_sync.audiences.preview_destinations import DestinationCounter, configured_choices

    configured = configured_choices(project.directory, config)
    if not warehouse.exists("hashed_identifiers"):
        terminal.warn("no counts by destination: hashed_identifiers is not built yet; run `dbt build`")
        return previewer.prepare(choice.audience)
    counter = DestinationCounter(warehouse, choice.audience.name, now, configured, compares=at is None)
    return previewer.prepare(choice.audience, counter)


def _follow(project: Project, wanted: str, config: Path | None, count: Callable[[Choice], None]) -> NoReturn:
    """Count at each save. What is wrong is printed and waits for the next; only the first time, what no
    edit of a file can mend ends it."""
    from segmentloom_sync.audiences.watch import Watcher
    from segmentloom_sync.cli.app import report

    watcher = Watcher(project, wanted)
    terminal.say(f"watching {watcher.file.name}: it is counted again at every save, until Ctrl-C")
    has_counted = False
    while True:
        watcher.look()
        choice: Choice | None = None
        try:
            choice = _choose(project, wanted, config)
            count(choice)
            has_counted = True
        except (DefinitionError, TryAgainLater) as error:
            report(error)
            if isinstance(error, TryAgainLater):
                continue
        except SegmentloomError as error:
            if not has_counted:
                raise
            report(error)
        saved = watcher.wait(choice)
        happened = "saved" if saved.exists() else "is gone"
        terminal.say(f"{datetime.now():%H:%M:%S} {saved.name} {happened}")
