"""`segmentloom-sync`: the application and how its errors leave it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from segmentloom_sync import __version__, terminal
from segmentloom_sync.errors import DefinitionError, SegmentloomError

DEBUG = "SEGMENTLOOM_DEBUG"
"""Set this variable to see the stack trace of an internal error. It may hold personal data."""

app = typer.Typer(
    name="segmentloom-sync",
    help="Land events, build audiences in your warehouse, and keep ad platforms in step with them.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"segmentloom-sync {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that come before the command."""


def _register() -> None:
    """Import every command; heavy imports stay inside their functions."""
    from segmentloom_sync.cli import (  # noqa: F401
        audit,
        collect,
        compile,
        demo,
        diff,
        explain,
        identity_check,
        identity_decide,
        identity_export,
        identity_lists,
        identity_plan,
        init,
        keys,
        load,
        match_rates,
        plan,
        preview,
        privacy,
        profile,
        run,
        simulate,
        status,
    )


_register()


def main() -> None:
    """Entry point: run the command and turn errors into messages and exit codes."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except SegmentloomError as error:
        if isinstance(error, DefinitionError) and terminal.Answer.is_json:
            terminal.print_json(error.document())
        report(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        terminal.say("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has gone; without this Python complains once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        report(_internal(error))
        sys.exit(1)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Schedulers end a program with SIGTERM: it means what Ctrl-C means."""
    raise KeyboardInterrupt


def _internal(error: Exception) -> SegmentloomError:
    """An error that nobody foresaw; its text may quote anything, so it is not shown."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return SegmentloomError(
        f"internal error: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}",
        hint=f"please report it; {DEBUG}=1 shows the stack trace, which may hold personal data",
    )


def report(error: SegmentloomError) -> None:
    """Print an error and its hint on stderr; each mistake of a file with the word before it."""
    from rich.markup import escape

    console = terminal.stderr()
    for message in error.problems if isinstance(error, DefinitionError) else [error.message]:
        console.print(f"[red]error[/red]: {escape(message)}")
    if error.hint:
        console.print(f"hint: {escape(error.hint)}")
