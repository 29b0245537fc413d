"""Options that several commands share: the same flag means the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segmentloom_sync.terminal import Answer


def _remember_json(is_given: bool) -> bool:
    """Mistakes in files are answered as JSON too; they leave a command as an error, see `app.main`."""
    Answer.is_json = is_given
    return is_given


Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object on stdout; everything else goes to stderr.",
        callback=_remember_json,
    ),
]
Target = Annotated[
    str | None, typer.Option("--target", "-t", help="The dbt target; default: the profile's.", metavar="NAME")
]
ProfilesDir = Annotated[
    Path | None,
    typer.Option("--profiles-dir", help="Folder of profiles.yml; default as dbt's.", metavar="DIR"),
]
ProjectDir = Annotated[
    Path | None,
    typer.Option("--project-dir", help="Folder of dbt_project.yml; default: here or above.", metavar="DIR"),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="SEGMENTLOOM_CONFIG",
        help="The destinations file; default: segmentloom.yml of the project.",
        metavar="FILE",
    ),
]
