"""Says when an audience file that is being edited was saved, or one that it uses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from segmentloom_sync.audiences.choose import Choice, is_file
from segmentloom_sync.audiences.library import FOLDER, HasDirectory

POLL_SECONDS = 0.1

Seen = dict[Path, tuple[int, int, int] | None]
"""What the file system says of files: time of change, size and number; None for one that is not there."""


class Watcher:
    """Follows the files of one audience.

    Args:
        project: the dbt project.
        wanted: the audience's name or file, as the person gave it.
        pause: waits between two looks.

    Attributes:
        file: the audience's own.
    """

    def __init__(
        self,
        project: HasDirectory,
        wanted: str,
        *,
        pause: Callable[[], None] = lambda: time.sleep(POLL_SECONDS),
    ) -> None:
        self._folder = project.directory / FOLDER
        self.file = Path(wanted) if is_file(wanted) else self._folder / f"{wanted}.yml"
        self._pause = pause
        self._seen: Seen = {}

    def look(self) -> None:
        """Remember the files as they are; to be called before they are read."""
        self._seen = _look([self.file, *self._folder.glob("*.y*ml")])

    def wait(self, choice: Choice | None) -> Path:
        """Return once a file that matters was saved since the last look, and is no longer being written.

        Args:
            choice: what was read then; None when it was wrong, so that any file of the project may mend it.
        """
        while not (changed := self._changed(choice)):
            self._pause()
        while True:
            before = _look(changed)
            self._pause()
            if _look(changed) == before:
                return changed[0]

    def _changed(self, choice: Choice | None) -> list[Path]:
        files = self._used(choice) if choice else [self.file, *self._folder.glob("*.y*ml"), *self._seen]
        now = _look(files)
        return [file for file in now if now[file] != self._seen.get(file)]

    def _used(self, choice: Choice) -> list[Path]:
        """The files that the audience is made of."""
        names = [choice.audience.name]
        for name in names:
            known = choice.others.get(name)
            names += [used.name for used in (known.references if known else ()) if used.name not in names]
        return [self.file, *(self._folder / f"{name}.yml" for name in names[1:])]


def _look(files: Iterable[Path]) -> Seen:
    return {file: _state(file) for file in files}


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
