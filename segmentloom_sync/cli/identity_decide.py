"""`identity unmerge` and `remerge`: undo a link, or let it count again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.identity import identity
from segmentloom_sync.cli.parameters import Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.cli.shown import counted
from segmentloom_sync.errors import ConfigError

if TYPE_CHECKING:
    from segmentloom_sync.identity.decisions import Action
    from segmentloom_sync.project import Project

First = Annotated[
    str | None,
    typer.Argument(help="A merge id, or one end of the link as type:value.", metavar="MERGE_ID|IDENTIFIER"),
]
Other = Annotated[str | None, typer.Argument(help="The other end of the link.", metavar="OTHER")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; kept with the decision.", metavar="TEXT")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; kept with the decision.", metavar="NAME")]
NoBuild = Annotated[bool, typer.Option("--no-build", help="Only record it; the next build takes it up.")]


@identity.command()
def unmerge(
    first: First = None,
    other: Other = None,
    reason: Reason = None,
    by: By = None,
    no_build: NoBuild = False,
    from_file: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Instead, put back the decisions of an `identity export`, unmerges and remerges.",
            metavar="FILE",
        ),
    ] = None,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Let a link between two identifiers count no more, and split what it alone held together.

    Former profile ids come back, and the next run sends what follows. It holds after a full rebuild too.

    Examples: segmentloom-sync identity unmerge user_id:42 email:info@example.com --by ann --reason "shared",
    segmentloom-sync identity unmerge 0f4c2d7e8b3a49d19c5e6f708192a3b4 --by ann --reason "two people"
    """
    from segmentloom_sync.project import Project

    if from_file is not None:
        if first is not None or other is not None or reason is not None or by is not None:
            raise ConfigError(
                "--from takes links, reasons and names from the file", hint="leave the rest out"
            )
        _restore(Project.find(project_dir, profiles_dir, target), from_file, as_json=json, build=not no_build)
        return
    _change(
        "unmerge",
        (first, other, reason, by),
        Project.find(project_dir, profiles_dir, target),
        as_json=json,
        build=not no_build,
    )


@identity.command()
def remerge(
    first: First = None,
    other: Other = None,
    reason: Reason = None,
    by: By = None,
    no_build: NoBuild = False,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Let a link count again that was unmerged.

    Example: segmentloom-sync identity remerge email:ann@example.com user_id:42 --by ann --reason "one person"
    """
    from segmentloom_sync.project import Project

    _change(
        "remerge",
        (first, other, reason, by),
        Project.find(project_dir, profiles_dir, target),
        as_json=json,
        build=not no_build,
    )


def _change(
    action: Action,
    words: tuple[str | None, str | None, str | None, str | None],
    project: Project,
    *,
    as_json: bool,
    build: bool,
) -> None:
    from segmentloom_sync.cli.change_report import print_change, print_nearest
    from segmentloom_sync.identity.change import Request, change_link
    from segmentloom_sync.identity.pair import NoSuchLink
    from segmentloom_sync.identity.rebuild import rebuild
    from segmentloom_sync.warehouse.connect import connect

    first, other, reason, by = words
    if first is None:
        raise ConfigError(
            f"{action} needs a link", hint="give a merge id, or the two identifiers that it connects"
        )
    request = Request.checked(action, first, other, reason=reason, by=by)
    try:
        change = change_link(
            request,
            lambda: closing(connect(project, must_exist=True)),
            (lambda: rebuild(project)) if build else None,
        )
    except NoSuchLink as error:
        print_nearest(error, as_json=as_json)
        raise
    if as_json:
        terminal.print_json(change.document())
    else:
        print_change(change)


def _restore(project: Project, file: Path, *, as_json: bool, build: bool) -> None:
    from segmentloom_sync.identity.built import require_built
    from segmentloom_sync.identity.decisions import OVERRIDES
    from segmentloom_sync.identity.rebuild import rebuild
    from segmentloom_sync.identity.restore import restore
    from segmentloom_sync.identity.state import PROGRESS, needs_build
    from segmentloom_sync.warehouse.connect import connect

    with closing(connect(project, must_exist=True)) as warehouse:
        require_built(warehouse, [OVERRIDES, PROGRESS])
        total, new = restore(warehouse, file)
        is_due = build and total > 0 and needs_build(warehouse)
    if is_due:
        terminal.say(f"recorded{'' if new else ' earlier'}; building what follows from it")
        rebuild(project)
    if as_json:
        terminal.print_json({"file": str(file), "decisions": total, "recorded": new})
    else:
        terminal.stdout().print(f"{counted(total, 'decision')} in {file}, {new:,} new", markup=False)
