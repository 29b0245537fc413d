"""Which audiences a command works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segmentloom_sync.audiences.library import FOLDER, Audience, HasDirectory, load_audiences
from segmentloom_sync.audiences.problems import suggestion
from segmentloom_sync.errors import ConfigError, DefinitionError


@dataclass(frozen=True, slots=True)
class Chosen:
    """The audiences of a command.

    Attributes:
        audiences: those to work on.
        everybody: all valid audiences of the project.
        warnings: what is wrong with files that are not needed.
        broken: the names of audiences whose files are wrong.
    """

    audiences: tuple[Audience, ...]
    everybody: Mapping[str, Audience]
    warnings: tuple[str, ...]
    broken: frozenset[str]


def choose(project: HasDirectory, names: Sequence[str]) -> Chosen:
    """The named audiences, or all that have a sync.

    Raises:
        DefinitionError: the file of a named audience is wrong.
        ConfigError: there is no such audience, it has no sync, or no audience has one.
    """
    audiences, problems = load_audiences(project)
    needed = {f"{FOLDER}/{name}.yml" for name in names}
    mine = [str(problem) for problem in problems if problem.path in needed]
    if mine:
        raise DefinitionError(mine)
    for name in names:
        if name not in audiences:
            raise ConfigError(
                f"there is no audience '{name}'", hint=suggestion(name, audiences, kind="audiences")
            )
        if not audiences[name].sync:
            raise ConfigError(
                f"audience '{name}' has no sync",
                hint=f"add to {audiences[name].path}: sync: [{{destination: google_ads, list: My list}}]",
            )
    chosen = (
        [audiences[name] for name in dict.fromkeys(names)]
        if names
        else [audience for audience in audiences.values() if audience.sync]
    )
    if not chosen:
        raise ConfigError(
            f"no audience in {FOLDER}/ has a sync",
            hint="add to one of them: sync: [{destination: google_ads, list: My list}]",
        )
    return Chosen(
        tuple(chosen),
        audiences,
        tuple(str(problem) for problem in problems),
        frozenset(problem.path.removeprefix(f"{FOLDER}/").partition(".")[0] for problem in problems),
    )
