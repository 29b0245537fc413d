"""`match-rates`: what the platforms report about matching, and what of the members can be matched at all."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Config, Json, ProfilesDir, ProjectDir, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from segmentloom_sync.project import Project
    from segmentloom_sync.sync.hygiene import IdentifierCounts
    from segmentloom_sync.warehouse.base import Warehouse


@app.command("match-rates")
def match_rates(
    audiences: Annotated[
        list[str] | None,
        typer.Argument(help="Default: all that have a sync.", metavar="[AUDIENCE]..."),
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask the platforms now.")] = False,
    json: Json = False,
    config: Config = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show the newest match reports of each list, as the platforms give them, and why members cannot match.

    Of each list and kind of identifier it counts the members that may be sent and, of those without a usable
    identifier, why: missing, malformed, placeholder, double_hashed, no_country_code. The columns "so far"
    draw what was reported and the usable share of each run, the oldest on the left.

    Examples: segmentloom-sync match-rates pricing_intent, segmentloom-sync match-rates --refresh
    """
    from datetime import UTC, datetime

    from segmentloom_sync.cli.match_rates_report import identifiers_document, print_report
    from segmentloom_sync.project import Project
    from segmentloom_sync.sync.choice import choose
    from segmentloom_sync.sync.hygiene import observations
    from segmentloom_sync.sync.match_rates import reported
    from segmentloom_sync.warehouse.connect import connect

    project = Project.find(project_dir, profiles_dir, target)
    names = audiences or []
    if names:
        choose(project, names, config)  # refuses what is no audience with a sync
    exit_code = 0
    with closing(connect(project, read_only=not refresh)) as warehouse:
        if refresh:
            exit_code = _refresh(project, warehouse, names, config)
        now = datetime.now(UTC)
        identifiers = identifiers_document(
            _counts(project, warehouse, names, config, now), observations(warehouse), now
        )
        rates = [rate for rate in reported(warehouse) if not names or rate["audience"] in names]
    if json:
        terminal.print_json({"match_rates": rates, "identifiers": identifiers})
    else:
        print_report(rates, identifiers)
    raise typer.Exit(exit_code)


def _counts(
    project: Project, warehouse: Warehouse, names: Sequence[str], config: Path | None, now: datetime
) -> list[IdentifierCounts]:
    """The identifiers of the lists that audiences fill now; none before dbt has built what they need.

    Args:
        names: of these audiences; empty for all.
    """
    from segmentloom_sync.audiences.library import load_audiences
    from segmentloom_sync.audiences.preview_destinations import DestinationCounter, configured_choices
    from segmentloom_sync.errors import ConfigError
    from segmentloom_sync.sync.absent_tables import with_absent_tables
    from segmentloom_sync.sync.hygiene import NEEDED, count_identifiers

    if not all(warehouse.exists(name) for name in NEEDED):
        return []
    audiences, _ = load_audiences(project)
    choices = configured_choices(project.directory, config)
    tables = with_absent_tables(warehouse)
    counts = []
    for audience in audiences.values():
        if names and audience.name not in names:
            continue
        counter = DestinationCounter(warehouse, audience.name, now, choices)
        for spec in audience.sync:
            try:
                counts += count_identifiers(tables, counter.target(spec))
            except ConfigError as error:
                terminal.warn(f"{audience.name} to {spec.destination}: {error.message}")
    return counts


def _refresh(project: Project, warehouse: Warehouse, names: Sequence[str], config: Path | None) -> int:
    """Ask for the lists of some audiences, or of all.

    What one platform refuses is said, and the others are asked all the same.
    """
    from segmentloom_sync.destinations.clock import SystemClock
    from segmentloom_sync.errors import ConfigError, SegmentloomError
    from segmentloom_sync.settings import load_settings
    from segmentloom_sync.sync.choice import choose
    from segmentloom_sync.sync.refresh import refresh_match_rates
    from segmentloom_sync.sync.runs import described, worst_exit_code
    from segmentloom_sync.sync.tables import ensure_tables
    from segmentloom_sync.sync.targets import sync_targets

    clock = SystemClock()
    chosen = choose(project, names, config)
    for warning in chosen.warnings:
        terminal.warn(warning)
    settings = load_settings(project.directory, config)
    ensure_tables(warehouse)
    codes = [ConfigError.exit_code] * bool(chosen.held_back)
    for entry in sync_targets(chosen.audiences, settings, clock):
        try:
            refused = refresh_match_rates(warehouse, clock, entry)
        except SegmentloomError as error:
            terminal.warn(f"{entry.audience} to {entry.destination_name}: {error.message}")
            codes.append(error.exit_code)
        else:
            if refused:
                terminal.warn(
                    f"{entry.audience} to {entry.destination_name}: not applied: {described(refused)}"
                )
                codes.append(1)
    return worst_exit_code(codes)
