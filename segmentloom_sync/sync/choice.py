"""Which audiences a command works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segmentloom_sync.audiences.compile import kept_claims
from segmentloom_sync.audiences.known_names import configured_destinations
from segmentloom_sync.audiences.library import FOLDER, Audience, HasDirectory, load_audiences
from segmentloom_sync.audiences.problems import Problem, causes_first, suggestion, with_causes
from segmentloom_sync.audiences.references import Claim, claim_of
from segmentloom_sync.errors import ConfigError, DefinitionError


@dataclass(frozen=True, slots=True)
class Chosen:
    """The audiences of a command.

    Attributes:
        audiences: those to work on.
        everybody: all valid audiences of the project.
        problems: what is wrong with files that are not needed.
        broken: the names of audiences whose files are wrong.
        claims: what those say of their priority, and what their models do, which are still there.
        held_back: the wrong files, where all audiences were to be taken.
    """

    audiences: tuple[Audience, ...]
    everybody: Mapping[str, Audience]
    problems: tuple[Problem, ...]
    broken: frozenset[str]
    claims: tuple[Claim, ...] = ()
    held_back: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What is wrong with files that are not needed, one line each."""
        return [str(problem) for problem in self.problems]

    @property
    def held_back_for(self) -> dict[str, list[str]]:
        """What is wrong with each file that is held back, `path:line:column: message`, by its path."""
        return {
            path: [str(problem) for problem in self.problems if problem.path == path]
            for path in self.held_back
        }

    def group_of(self, name: str) -> list[str]:
        """The audiences that are published together with one, itself included: its priority group."""
        group = self.everybody[name].priority_group
        if group is None:
            return [name]
        return [other.name for other in self.everybody.values() if other.priority_group == group]

    def broken_in_group_of(self, name: str) -> list[str]:
        """Those whose files are wrong and that may belong to its priority group once they are right."""
        group = self.everybody[name].priority_group
        return [claim.name for claim in self.claims if group is not None and claim.may_be_of(group)]


def choose(project: HasDirectory, names: Sequence[str], config: Path | None = None) -> Chosen:
    """The named audiences, or all that have a sync and whose files are right.

    Args:
        names: empty for all.
        config: the file with the destinations; None for the project's.

    Raises:
        DefinitionError: the file of a named audience is wrong.
        ConfigError: there is no such audience, it has no sync, or all files are right and none has one.
    """
    destinations = configured_destinations(project.directory, config)
    audiences, problems = load_audiences(project, destinations=destinations)
    mine = {problem for name in names for problem in with_causes(problems, f"{FOLDER}/{name}.yml")}
    if mine:
        raise DefinitionError([str(problem) for problem in causes_first(mine)])
    files = {problem.path for problem in problems}
    # A file that lies too deep is none of an audience; it is not read.
    read = [path for path in files if PurePosixPath(path).parent == PurePosixPath(FOLDER)]
    broken = frozenset(PurePosixPath(path).stem for path in read)
    for name in names:
        if name not in audiences:
            raise ConfigError(
                f"there is no audience '{name}'",
                hint=suggestion(name, {*audiences, *broken}, kind="audiences"),
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
    if not chosen and not problems:
        raise ConfigError(
            f"no audience in {FOLDER}/ has a sync",
            hint="add to one of them: sync: [{destination: google_ads, list: My list}]",
        )
    return Chosen(
        tuple(chosen),
        audiences,
        tuple(problems),
        broken=broken,
        claims=(
            *(claim_of(project.directory / path, path) for path in sorted(read)),
            *kept_claims(project, broken),
        ),
        held_back=() if names else tuple(sorted(files)),
    )
