"""`identity`: what was merged, what was refused, and how to undo it. Each command has a file of its own."""

from __future__ import annotations

import typer

from segmentloom_sync.cli.app import app

identity = typer.Typer(
    help="See which identifiers were merged, why, and undo it.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
app.add_typer(identity, name="identity")
