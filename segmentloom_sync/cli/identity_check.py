"""`identity check`: whether the state that builds keep is what a rebuild would make of the events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.identity import identity
from segmentloom_sync.cli.parameters import Json, ProfilesDir, ProjectDir, Target

if TYPE_CHECKING:
    from segmentloom_sync.identity.differences import Check


@identity.command()
def check(
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, help="How many profiles to check; default: 1000.", metavar="N"),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Check every row against a rebuild in a schema of its own instead."),
    ] = False,
    seed_number: Annotated[
        int, typer.Option("--seed-number", help="Another number draws other profiles.", metavar="N")
    ] = 1,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Compare what builds keep of identity with the events, and say how to repair it. Nothing is repaired.

    Exit code 1 when anything differs.

    Examples: segmentloom-sync identity check, segmentloom-sync identity check --full
    """
    from segmentloom_sync.errors import ConfigError
    from segmentloom_sync.identity.check_full import check_full
    from segmentloom_sync.identity.check_sample import DEFAULT_SAMPLE, check_sample
    from segmentloom_sync.project import Project

    if full and sample is not None:
        raise ConfigError("--full and --sample do not go together", hint="--full checks every profile")
    project = Project.find(project_dir, profiles_dir, target)
    if full:
        done = check_full(project)
    else:
        done = check_sample(project, sample=sample or DEFAULT_SAMPLE, seed=seed_number)
    if json:
        terminal.print_json(done.document())
    else:
        _print(done)
    if done.total:
        raise typer.Exit(1)


def _print(done: Check) -> None:
    from segmentloom_sync.cli.shown import shown, table
    from segmentloom_sync.identity.differences import REPAIR

    console = terminal.stdout()
    checked = sum(one.rows for one in done.tables)
    console.print(
        f"{done.profiles:,} of {done.of_profiles:,} profiles, {checked:,} rows: "
        + (f"{done.total:,} differ" if done.total else "as the events say")
    )
    if not done.total:
        return
    made = table(
        ("table", "rows", "missing", "extra", "different", "columns"),
        counts=("rows", "missing", "extra", "different"),
    )
    for one in done.tables:
        if one.total:
            made.add_row(
                one.table,
                *(f"{number:,}" for number in (one.rows, one.missing, one.extra, one.different)),
                ", ".join(f"{name} {number:,}" for name, number in one.columns.items()),
            )
    console.print(made)
    for one in done.tables:
        for example in one.examples:
            key = ", ".join(f"{name} {shown(value)}" for name, value in example.items() if name != "is")
            console.print(f"{one.table}: {example['is']}: {key}")
    console.print(f"to repair it: {REPAIR}")
