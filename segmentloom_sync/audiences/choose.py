"""Finds the audience that a person named: by its name or by its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segmentloom_sync.audiences.library import (
    FOLDER,
    Audience,
    HasDirectory,
    listed,
    load_audiences,
    load_file,
    reference_problems,
)
from segmentloom_sync.audiences.problems import suggestion
from segmentloom_sync.errors import ConfigError, DefinitionError


@dataclass(frozen=True, slots=True)
class Choice:
    """An audience, the others of its project, and what is wrong with files that it does not need."""

    audience: Audience
    others: dict[str, Audience]
    warnings: tuple[str, ...]


def choose_audience(project: HasDirectory, wanted: str) -> Choice:
    """Find an audience by name, or read it from a file anywhere.

    Raises:
        DefinitionError: its own file is wrong, or one that it uses.
        ConfigError: there is no such audience or file.
    """
    audiences, problems = load_audiences(project)
    if wanted.endswith((".yml", ".yaml")) or "/" in wanted:
        audience = _from_file(project, Path(wanted), audiences)
        own = ""
    else:
        own = f"{FOLDER}/{wanted}.yml"
        mine = [str(problem) for problem in problems if problem.path == own]
        if mine:
            raise DefinitionError(mine)
        if wanted not in audiences:
            raise ConfigError(
                f"there is no audience '{wanted}'",
                hint=suggestion(wanted, audiences, kind="audiences")
                if audiences
                else f"write {own} first, then try again",
            )
        audience = audiences[wanted]
    warnings = tuple(str(problem) for problem in problems if problem.path != own)
    return Choice(audience, {**audiences, audience.name: audience}, warnings)


def _from_file(project: HasDirectory, file: Path, audiences: dict[str, Audience]) -> Audience:
    try:
        exists = file.is_file()
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {(error.strerror or 'unreadable').lower()}") from None
    if not exists:
        raise ConfigError(f"there is no file {file}", hint="give an audience's name or the path of its file")
    audience, problems = load_file(file, label=str(file))
    if audience is not None:
        known = {
            audience.name,
            *(entry.stem for entry in listed(project.directory / FOLDER) if entry.suffix == ".yml"),
        }
        others = {name: other for name, other in audiences.items() if name != audience.name}
        problems = [
            problem
            for problem in reference_problems([*others.values(), audience], known=known)
            if problem.path == audience.path
        ]
    if audience is None or problems:
        raise DefinitionError([str(problem) for problem in problems])
    return audience
