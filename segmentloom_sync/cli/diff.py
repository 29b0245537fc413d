"""`diff`: what a pull request does to the members of audiences."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.errors import ConfigError, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentloom_sync.audiences.difference import Difference
    from segmentloom_sync.audiences.problems import Problem


@app.command()
def diff(
    audiences: Annotated[
        list[str] | None, typer.Argument(help="Default: all that differ.", metavar="[AUDIENCE]...")
    ] = None,
    base: Annotated[
        str, typer.Option("--base", help="The branch, tag or commit to compare with.", metavar="NAME")
    ] = "main",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a comment on a pull request.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="The time that windows end at, UTC unless it has a zone; default: now."),
    ] = None,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Count whom a change of audience files adds and removes, against another branch.

    Both definitions are counted at the same time in the warehouse. Audiences that use a changed one are
    listed too. Nothing is written. Exit code 2 when files that are wrong here were not compared.

    Example: segmentloom-sync diff --base main --markdown
    """
    from segmentloom_sync.audiences.base_files import base_files
    from segmentloom_sync.audiences.difference import counted, differing
    from segmentloom_sync.audiences.evaluation import Evaluation
    from segmentloom_sync.audiences.library import load_audiences
    from segmentloom_sync.cli.moments import moment
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    if json and markdown:
        raise ConfigError("--json and --markdown are two forms of one answer", hint="leave one of them out")
    names = audiences or []
    at = moment(as_of, "--as-of") or datetime.now(UTC)
    project = Project.find(project_dir, profiles_dir, target)
    before = base_files(project.directory, base)
    now, problems = load_audiences(project)
    own = [str(problem) for problem in problems if _audience(problem) in names]
    if own:
        raise DefinitionError(own)
    for problem in problems:
        terminal.warn(f"not compared: {problem}")
    for problem in before.problems:
        terminal.warn(f"not compared: at {base} ({before.commit[:10]}): {problem}")
    skipped = sorted({_audience(problem) for problem in (*problems, *before.problems)})
    found = differing(now, before.audiences, names=names, unknown=skipped)
    if found:
        with closing(connect(project, read_only=True)) as warehouse:
            present = Evaluation(project, warehouse, now, at)
            former = Evaluation(project, warehouse, before.audiences, at)
            found = counted(warehouse, found, (now, present.members), (before.audiences, former.members))
    if json:
        terminal.print_json(
            {
                "base": base,
                "commit": before.commit,
                "as_of": at.isoformat().replace("+00:00", "Z"),
                "audiences": [difference.document() for difference in found],
                "skipped": skipped,
                "problems": DefinitionError([str(problem) for problem in problems]).document()["problems"],
            }
        )
    elif markdown:
        typer.echo(_markdown(found, base, before.commit, at, skipped))
    else:
        _print(found, base, skipped)
    if problems:
        raise typer.Exit(DefinitionError.exit_code)


def _audience(problem: Problem) -> str:
    """The audience of a wrong file; its path where it lies too deep to be one."""
    path = PurePosixPath(problem.path)
    return path.stem if len(path.parts) == 2 else problem.path


def _print(found: Sequence[Difference], base: str, skipped: Sequence[str]) -> None:
    from rich.table import Table

    console = terminal.stdout()
    if skipped:
        console.print(f"not compared, since a file is wrong: {', '.join(skipped)}", markup=False)
    if not found:
        others = "no other audience" if skipped else "no audience"
        console.print(f"{others} differs from {base}", markup=False)
        return
    table = Table("audience", box=None, pad_edge=False)
    for column in ("members", "before", "added", "removed"):
        table.add_column(column, justify="right")
    table.add_column("")
    for row in found:
        numbers = (row.members, row.base_members, row.added, row.removed)
        table.add_row(row.audience, *(f"{number:,}" for number in numbers), _status(row))
    console.print(table)


def _markdown(
    found: Sequence[Difference], base: str, commit: str, at: datetime, skipped: Sequence[str]
) -> str:
    lines = [f"### Audiences against `{base}` ({commit[:10]})", ""]
    if found:
        lines += ["| audience | members | before | added | removed | |", "|---|--:|--:|--:|--:|---|"]
        for row in found:
            numbers = (row.members, row.base_members, row.added, row.removed)
            cells = [f"`{row.audience}`", *(f"{number:,}" for number in numbers), _status(row)]
            lines.append(f"| {' | '.join(cells)} |")
    else:
        lines.append("No other audience differs." if skipped else "No audience differs.")
    if skipped:
        files = ", ".join(f"`{name}`" for name in skipped)
        lines += ["", f"Not compared, since a file is wrong: {files}."]
    return "\n".join([*lines, "", f"Counted as of {at:%Y-%m-%d %H:%M} UTC."])


def _status(row: Difference) -> str:
    uses = f"uses {', '.join(row.because)}" if row.because else ""
    if row.status == "follows":
        return uses
    return f"{row.status}, {uses}" if uses else row.status
