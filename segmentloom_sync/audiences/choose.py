"""Finds the audience that a person named: by its name or by its file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from segmentloom_sync.audiences.known_names import KnownNames
from segmentloom_sync.audiences.library import (
    FOLDER,
    Audience,
    HasDirectory,
    listed,
    load_audiences,
    load_file,
    parse,
)
from segmentloom_sync.audiences.problems import suggestion, with_causes
from segmentloom_sync.audiences.references import claim_of, link
from segmentloom_sync.errors import ConfigError, DefinitionError

STANDARD_INPUT = "-"
NAME_OF_STANDARD_INPUT = "stdin"


@dataclass(frozen=True, slots=True)
class Choice:
    """An audience, the others of its project, and what is wrong with files that it does not need."""

    audience: Audience
    others: dict[str, Audience]
    warnings: tuple[str, ...]


def choose_audience(
    project: HasDirectory, wanted: str, *, destinations: Mapping[str, str] | None = None
) -> Choice:
    """Find an audience by name, or read it from a file anywhere, or from standard input for `-`.

    Args:
        project: the dbt project.
        wanted: what the person gave.
        destinations: those that `sync` may use, each with its type; None takes any.

    Raises:
        DefinitionError: its own file is wrong, or one that it uses.
        ConfigError: there is no such audience or file.
    """
    audiences, problems = load_audiences(project, destinations=destinations)
    wanted = _name_of_own(project, wanted)
    if is_file(wanted):
        audience = _from_file(project, wanted, audiences, destinations)
        own = ""
    else:
        own = f"{FOLDER}/{wanted}.yml"
        mine = with_causes(problems, own)
        if mine:
            raise DefinitionError([str(problem) for problem in mine])
        if wanted not in audiences:
            names = {*audiences, *(PurePosixPath(problem.path).stem for problem in problems)}
            raise ConfigError(
                f"there is no audience '{wanted}'",
                hint=suggestion(wanted, names, kind="audiences")
                if names
                else f"write {own} first, then try again",
            )
        audience = audiences[wanted]
    warnings = tuple(str(problem) for problem in problems if problem.path != own)
    return Choice(audience, {**audiences, audience.name: audience}, warnings)


def is_file(wanted: str) -> bool:
    """Whether what a person named is a file rather than an audience of the project."""
    return wanted == STANDARD_INPUT or wanted.endswith((".yml", ".yaml")) or "/" in wanted


def _name_of_own(project: HasDirectory, wanted: str) -> str:
    """The name of an audience whose file in the project's folder a person gave; else what they gave."""
    file = Path(wanted)
    if wanted == STANDARD_INPUT or file.suffix != ".yml":
        return wanted
    folder = project.directory / FOLDER
    return file.stem if file.parent.resolve() == folder.resolve() and file in listed(file.parent) else wanted


def _from_file(
    project: HasDirectory,
    wanted: str,
    audiences: dict[str, Audience],
    destinations: Mapping[str, str] | None,
) -> Audience:
    files = [entry for entry in listed(project.directory / FOLDER) if entry.suffix == ".yml"]
    known = KnownNames(frozenset(entry.stem for entry in files), destinations)
    if wanted == STANDARD_INPUT:
        audience, problems = parse(
            sys.stdin.buffer.read(), name=NAME_OF_STANDARD_INPUT, label=wanted, known=known
        )
    else:
        file = Path(wanted)
        try:
            exists = file.is_file()
        except OSError as error:
            raise ConfigError(f"cannot read {file}: {(error.strerror or 'unreadable').lower()}") from None
        if not exists:
            raise ConfigError(
                f"there is no file {file}", hint="give an audience's name or the path of its file"
            )
        audience, problems = load_file(file, label=wanted, known=known)
    if audience is not None:
        name, path = audience.name, audience.path
        others = [other for other in audiences.values() if other.name != name]
        claims = [
            claim_of(entry, f"{FOLDER}/{entry.name}")
            for entry in files
            if entry.stem not in {name, *audiences}
        ]
        # It lies elsewhere, so it fills no list yet.
        draft = replace(audience, list_positions=())
        linked, found = link([*others, draft], claims, known={name, *known.audiences})
        problems = [problem for problem in found if problem.path == path]
        audience = next((one for one in linked if one.name == name), None)
    if audience is None:
        raise DefinitionError([str(problem) for problem in problems])
    return audience
