"""Reads the git repository that a project lies in: the only module that starts git. It never writes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from segmentloom_sync.errors import ConfigError

TIMEOUT_SECONDS = 60


class Repository:
    """The repository around a folder.

    Args:
        directory: the folder; all paths are relative to it.

    Raises:
        ConfigError: git is not installed, or the folder is in no repository that git reads.
    """

    def __init__(self, directory: Path) -> None:
        program = shutil.which("git")
        if program is None:
            raise ConfigError("git is not installed", hint="install git, or put it on the PATH")
        self._program = program
        self._directory = directory
        if self._run("rev-parse", "--is-inside-work-tree").strip() != b"true":
            raise ConfigError(f"{directory} is in no git repository", hint="run it in a clone of one")

    def commit(self, name: str) -> str:
        """The full id of the commit that a branch, tag or id names.

        Raises:
            ConfigError: there is none.
        """
        if not name.startswith("-"):
            for candidate in (name, f"origin/{name}"):
                found = self._try("rev-parse", "--verify", "--quiet", f"{candidate}^{{commit}}")
                if found:
                    return found.decode().strip()
        raise ConfigError(
            f"git knows no branch or commit '{name}' here",
            hint=f"fetch it (git fetch origin {name}), or name another with --base",
        )

    def common_ancestor(self, commit: str) -> str:
        """The commit at which the working tree's branch left another.

        Raises:
            ConfigError: the histories have none in common, as far as they were fetched.
        """
        found = self._try("merge-base", "HEAD", commit)
        if found:
            return found.decode().strip()
        if self.is_shallow:
            raise ConfigError(
                "this is a shallow clone, and the commit at which the branches part was not fetched",
                hint="git fetch --unshallow (in GitHub's checkout action: fetch-depth: 0)",
            )
        raise ConfigError("the working tree and the base have no commit in common")

    def files(self, commit: str, folder: str) -> dict[str, bytes]:
        """The files directly in a folder at a commit, by name; none when the folder was not there."""
        listed = self._run("ls-tree", "-z", commit, f"{folder}/").split(b"\0")
        found: dict[str, bytes] = {}
        for entry in filter(None, listed):
            about, _, path = entry.partition(b"\t")
            _, kind, blob = about.decode().split()
            if kind == "blob":
                name = PurePosixPath(os.fsdecode(path)).name
                found[name] = self._run("cat-file", "blob", blob)
        return found

    def log(self, *arguments: str) -> bytes:
        """What `git log` prints, with paths relative to the folder."""
        return self._run("log", "--relative", *arguments)

    def changed_files(self, folder: str) -> list[str]:
        """The files below a folder that are not as in the newest commit, relative to the repository."""
        printed = self._run("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", folder)
        return [os.fsdecode(entry[3:]) for entry in printed.split(b"\0") if entry]

    @property
    def is_shallow(self) -> bool:
        """Whether old commits were left out when it was cloned."""
        return self._run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def cut_commits(self) -> frozenset[str]:
        """The oldest commits of a shallow clone: what they changed cannot be told from what was before."""
        if not self.is_shallow:
            return frozenset()
        path = self._run("rev-parse", "--git-path", "shallow").decode().strip()
        return frozenset((self._directory / path).read_text(encoding="ascii").split())

    def _try(self, *arguments: str) -> bytes | None:
        done = self._start(arguments)
        return done.stdout if done.returncode == 0 else None

    def _run(self, *arguments: str) -> bytes:
        done = self._start(arguments)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise ConfigError(
                f"git cannot read {self._directory}: {said.removeprefix('fatal: ')}",
                hint="this looks at earlier commits: run it in a git repository that you may read",
            )
        return done.stdout

    def _start(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [self._program, "--no-pager", *arguments],
                cwd=self._directory,
                capture_output=True,
                check=False,
                timeout=TIMEOUT_SECONDS,
                env=_environment(),
            )
        except subprocess.TimeoutExpired:
            raise ConfigError(f"git took longer than {TIMEOUT_SECONDS} seconds") from None


def _environment() -> Mapping[str, str]:
    """Plain messages, and not even the index is written."""
    return {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1"}
