"""`privacy`: what people ask of their data."""

from __future__ import annotations

import getpass
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from segmentloom_sync import terminal
from segmentloom_sync.cli.app import app
from segmentloom_sync.cli.parameters import Json, ProfilesDir, ProjectDir, Target
from segmentloom_sync.errors import ConfigError

if TYPE_CHECKING:
    from segmentloom_sync.privacy.request import Recorded

privacy = typer.Typer(
    help="Take up what people ask of their data, and see how far it has come.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
app.add_typer(privacy, name="privacy")


@privacy.command()
def request(
    request_type: Annotated[str, typer.Argument(help="opt_out or opt_in.", metavar="TYPE")],
    identifier: Annotated[
        str,
        typer.Argument(
            help="As type:value (user_id, email, anonymous_id; no phone), or a profile id, of now or former.",
            metavar="IDENTIFIER",
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who enters it; kept with the request; default: you.", metavar="NAME"),
    ] = None,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Opt a person out of all destinations, or in again.

    Nothing is sent of a person who opted out from the moment that this command ends, and the next run removes
    them from every list. It holds for all identifiers that the person has by now, and for one that no event
    has shown yet; phone numbers, which name nobody, are barred with the profile that has them. The warehouse
    keeps keyed hashes, not the identifiers.

    Example: segmentloom-sync privacy request opt_out email:ann@example.com
    """
    from segmentloom_sync.identity.identifier import is_id, parse_identifier
    from segmentloom_sync.macros import MacroRenderer
    from segmentloom_sync.privacy.email_hashes import email_hashes
    from segmentloom_sync.privacy.request import parse_requester, parse_type, record
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    kind = parse_type(request_type)
    if not is_id(identifier):
        parse_identifier(identifier)
    requester = parse_requester(by if by is not None else _login())
    project = Project.find(project_dir, profiles_dir, target)
    with closing(connect(project, must_exist=True)) as warehouse:
        hashes = email_hashes(MacroRenderer(project, warehouse))
        recorded = record(
            warehouse, kind, identifier, by=requester, now=datetime.now(UTC), email_hashes=hashes
        )
    if json:
        terminal.print_json(recorded.document())
    else:
        _print_recorded(recorded)


@privacy.command()
def status(
    request_id: Annotated[
        str | None, typer.Argument(help="Default: all requests.", metavar="[REQUEST_ID]")
    ] = None,
    json: Json = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Show requests and how far they have come. An opt-out is completed when no list may hold the person.

    Example: segmentloom-sync privacy status
    """
    from segmentloom_sync.cli.shown import shown, shown_time, table
    from segmentloom_sync.privacy.status import request_states
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.connect import connect

    project = Project.find(project_dir, profiles_dir, target)
    with closing(connect(project, read_only=True)) as warehouse:
        states = request_states(warehouse, request_id.strip().lower() if request_id else None)
    if json:
        terminal.print_json({"requests": [state.document() for state in states]})
        return
    if not states:
        terminal.stdout().print("no requests")
        return
    rows = table(("request", "type", "received", "by", "status", "lists"), counts=("lists",))
    for state in states:
        rows.add_row(
            state.request_id,
            state.request_type,
            shown_time(state.requested_at),
            shown(state.requested_by),
            state.status,
            f"{state.lists:,}",
        )
    terminal.stdout().print(rows)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise ConfigError(
            "nobody is logged in under a name", hint="say who enters the request with --by NAME"
        ) from None


def _print_recorded(recorded: Recorded) -> None:
    console = terminal.stdout()
    console.print(f"request {recorded.request_id}: {recorded.request_type}", markup=False)
    if recorded.request_type == "opt_out":
        console.print("nothing is sent of this person from now on; the next run removes them from every list")
        if not recorded.is_profile_known:
            console.print(f"no event that was built has that {recorded.named_by}; it is barred all the same")
    elif recorded.is_opted_out:
        console.print(
            "requests bar this person no more, but a browser of theirs sent Global Privacy Control, "
            "which an opt-in does not end: they stay opted out"
        )
    else:
        console.print("this person may be sent again, where audience and consent say so")
