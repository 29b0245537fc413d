"""Who last changed each audience file, and by which commit, as far as git tells."""

from __future__ import annotations

import getpass
import json
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from segmentloom_sync import terminal
from segmentloom_sync.audiences.library import FOLDER
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.git import Repository

VARIABLE = "SEGMENTLOOM_AUTHORS"
"""What hands it to dbt; see the macro `record_definitions`."""
MAXIMUM_BYTES = 100_000
"""A variable of the environment takes little more."""
_COMMITS = 5_000
_MARK = "\x01"


class Author(NamedTuple):
    """Who stands behind a file's content; None is not known.

    Attributes:
        name: of the commit's author; of the machine's user where the content is in no commit.
        commit: the newest commit that touched the file.
        is_uncommitted: whether the file is not as in that commit.
    """

    name: str | None
    commit: str | None
    is_uncommitted: bool | None


def environment(directory: Path, audiences: Collection[str]) -> dict[str, str]:
    """The authors of a project's audiences as an environment for dbt."""
    text = json.dumps(authors(directory, audiences), separators=(",", ":"))
    if len(text) > MAXIMUM_BYTES:
        terminal.warn(
            "too many audiences to record who changed them; audience_changes has no names this time"
        )
        return {}
    return {VARIABLE: text}


def authors(directory: Path, audiences: Collection[str]) -> dict[str, Author]:
    """The author of each audience, and of those that git knows to be gone.

    Args:
        directory: the project's folder.
        audiences: those that there are.
    """
    try:
        repository = Repository(directory)
        committed = _committed(repository)
        changed = set(map(_audience, repository.changed_files(FOLDER)))
    except ConfigError:
        # No git, no repository, or one of somebody else: then the machine's user is all that is known.
        return dict.fromkeys(audiences, Author(_user(), None, None))
    found = {}
    for name in {*audiences, *committed}:
        known = committed.get(name)
        if known is None or name in changed:
            found[name] = Author(_user(), known.commit if known else None, True)
        else:
            found[name] = known
    return found


def _committed(repository: Repository) -> dict[str, Author]:
    """The newest commit of each file that ever was in the folder."""
    try:
        repository.commit("HEAD")
    except ConfigError:  # nothing was ever committed
        return {}
    cut = repository.cut_commits()
    printed = repository.log(
        f"--max-count={_COMMITS}",
        f"--format={_MARK}%H %aN",
        "--name-only",
        "--no-renames",  # of a renamed file both names were touched
        "-z",
        "--",
        FOLDER,
    )
    found: dict[str, Author] = {}
    for entry in printed.decode(errors="replace").split(_MARK)[1:]:
        about, *paths = entry.replace("\n", "\0").split("\0")
        commit, _, name = about.partition(" ")
        author = Author(None, None, None) if commit in cut else Author(_plain(name), commit, False)
        for path in paths:
            if path and (audience := _audience(path)):
                found.setdefault(audience, author)
    return found


def _audience(path: str) -> str:
    """The audience of a file; empty for other files."""
    file = PurePosixPath(path)
    return file.stem if file.suffix == ".yml" and file.parent.name == FOLDER else ""


def _user() -> str | None:
    try:
        return _plain(getpass.getuser())
    except (OSError, KeyError):  # a user without a name, as in some containers
        return None


def _plain(name: str) -> str | None:
    """A name; an address is personal data that the record shall not keep."""
    return None if "@" in name or not name.strip() else name.strip()
