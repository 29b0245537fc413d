"""`identity merges`, `conflicts`, `largest`: what identity made of the events."""

from __future__ import annotations

from contextlib import closing
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.identity import identity
from segmentloom_sync.cli.parameters import Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.cli.shown import shown, shown_time, table

if TYPE_CHECKING:
    from segmentloom_sync.identity.conflicts import Conflict
    from segmentloom_sync.identity.largest import Large


class Kind(StrEnum):
    """What the audit tells apart."""

    MERGE = "merge"
    SPLIT = "split"
    RENAME = "rename"


class Rule(StrEnum):
    """The guards."""

    SHARED_EMAIL = "shared_email"
    KIOSK = "kiosk"
    LATER_LINK = "later_link"
    OVERSIZED_PROFILE = "oversized_profile"


Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]


@identity.command()
def merges(
    limit: Limit = 20,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only these.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Only then or later, UTC unless it has a zone.", metavar="TIME"),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            help="Only of this profile and what is part of it now: a profile id, or type:value.",
            metavar="IDENTIFIER",
        ),
    ] = None,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show which links merged, split or renamed profiles, the newest first.

    Example: segmentloom-sync identity merges --kind split --since 2026-11-01
    """
    from segmentloom_sync.cli.merge_table import merge_table
    from segmentloom_sync.cli.moments import moment
    from segmentloom_sync.identity import find_profile
    from segmentloom_sync.identity.built import require_built
    from segmentloom_sync.identity.merges import NEEDED, list_merges
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    start = moment(since, "--since")
    project = Project.find(project_dir, profiles_dir, target)
    with closing(connect(project, read_only=True)) as warehouse:
        require_built(warehouse, {*NEEDED, *find_profile.NEEDED})
        profile_id = find_profile.find_profile(warehouse, profile).profile_id if profile is not None else None
        rows = list_merges(
            warehouse,
            limit=limit,
            kind=kind.value if kind else None,
            since=start,
            profile_id=profile_id,
        )
    if json:
        terminal.print_json({"merges": [row.document() for row in rows]})
    elif rows:
        terminal.stdout().print(merge_table(rows))
    else:
        terminal.stdout().print("nothing like that has happened")


@identity.command()
def conflicts(
    rule: Annotated[Rule | None, typer.Option("--rule", help="Only of this guard.")] = None,
    limit: Limit = 20,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show what the guards refused to merge, those with most refused links first.

    Example: segmentloom-sync identity conflicts --rule shared_email
    """
    from segmentloom_sync.identity.built import require_built
    from segmentloom_sync.identity.conflicts import CONFLICTS, count_conflicts, list_conflicts
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    project = Project.find(project_dir, profiles_dir, target)
    with closing(connect(project, read_only=True)) as warehouse:
        require_built(warehouse, [CONFLICTS])
        rows = list_conflicts(warehouse, limit=limit, rule=rule.value if rule else None)
        counts = count_conflicts(warehouse)
    if json:
        terminal.print_json({"identifiers": counts, "conflicts": [row.document() for row in rows]})
    else:
        _print_conflicts(rows, counts)


@identity.command()
def largest(
    limit: Limit = 20,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show the profiles with most identifiers: where a merge went wrong, it shows here first.

    Example: segmentloom-sync identity largest --limit 5
    """
    from segmentloom_sync.identity.built import require_built
    from segmentloom_sync.identity.largest import NEEDED, largest_profiles
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    project = Project.find(project_dir, profiles_dir, target)
    with closing(connect(project, read_only=True)) as warehouse:
        require_built(warehouse, NEEDED)
        rows = largest_profiles(warehouse, limit)
    if json:
        terminal.print_json({"profiles": [row.document() for row in rows]})
    else:
        _print_largest(rows)


def _print_conflicts(rows: list[Conflict], counts: dict[str, int]) -> None:
    console = terminal.stdout()
    console.print(
        "identifiers with refused links: "
        + ", ".join(f"{number:,} {rule}" for rule, number in counts.items())
    )
    made = table(
        ("rule", "identifier", "refused", "counted", "limit", "first"),
        counts=("refused", "counted", "limit"),
    )
    for row in rows:
        made.add_row(
            row.rule,
            shown(row.identifier),
            f"{row.refused:,}",
            f"{row.link_count:,}",
            f"{row.limit:,}",
            shown_time(row.first_seen_at),
        )
    if rows:
        console.print(made)


def _print_largest(rows: list[Large]) -> None:
    made = table(
        ("profile", "identifiers", "of which", "events", "last seen", ""), counts=("identifiers", "events")
    )
    for row in rows:
        made.add_row(
            row.profile_id,
            f"{row.identifier_count:,}",
            ", ".join(f"{number:,} {kind}" for kind, number in row.by_type.items()),
            f"{row.event_count:,}",
            shown_time(row.last_seen_at),
            "[yellow]quarantined[/yellow]" if row.is_quarantined else "",
        )
    terminal.stdout().print(made if rows else "there are no profiles yet")
