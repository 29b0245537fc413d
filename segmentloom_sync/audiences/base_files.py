"""The audience files of another branch, read with git and checked as those of the working tree are."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segmentloom_sync.audiences.library import FOLDER, Audience, load_audiences
from segmentloom_sync.audiences.problems import Problem
from segmentloom_sync.git import Repository


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """The audiences at the commit at which the working tree left its base.

    Attributes:
        commit: that commit.
        audiences: the valid ones, by name.
        problems: what is wrong with the others.
    """

    commit: str
    audiences: Mapping[str, Audience]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Folder:
    directory: Path


def base_files(project_directory: Path, base: str) -> BaseFiles:
    """Read the audience files of a branch, tag or commit.

    What came to that branch since the working tree left it counts for neither side, as in a pull request.

    Raises:
        ConfigError: there is no git, no repository, no such branch, or no common commit.
    """
    repository = Repository(project_directory)
    commit = repository.common_ancestor(repository.commit(base))
    with tempfile.TemporaryDirectory(prefix="segmentloom-base-") as place:
        folder = Path(place) / FOLDER
        folder.mkdir()
        for name, content in repository.files(commit, FOLDER).items():
            (folder / name).write_bytes(content)
        audiences, problems = load_audiences(_Folder(Path(place)))
    return BaseFiles(commit, audiences, tuple(problems))
