"""Turns at a DuckDB file: one process at a time, with a message to those who wait.

DuckDB refuses a second process as long as one has the file open for writing, readers too. So each of our
commands holds an operating-system lock beside the file while it, or the dbt that it starts, has the file
open. The system ends the lock with its holder, however that dies.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, TypeVar

from segmentloom_sync import terminal
from segmentloom_sync.errors import (
    ConfigError,
    CredentialsError,
    SegmentloomError,
    TryAgainLater,
    WarehouseError,
)
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.refusal import refusal

WAIT_VARIABLE = "SEGMENTLOOM_WAIT_SECONDS"
DEFAULT_WAIT_SECONDS = 60.0
_PAUSE_SECONDS = 0.1
_ENGINE_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")

T = TypeVar("T")


@dataclass
class Patience:
    """Waits for one file with one message, up to a time limit."""

    file: Path
    seconds: float
    _since: float = field(default_factory=time.monotonic)
    _said: bool = False

    def wait(self, holder: str) -> None:
        """Say once who holds the file, and pause.

        Raises:
            TryAgainLater: the time limit is over.
        """
        if time.monotonic() - self._since >= self.seconds:
            raise TryAgainLater(
                f"{self.file.name} is in use by {holder}",
                hint=f"try again later, or wait longer: {WAIT_VARIABLE}=600",
            )
        if not self._said:
            terminal.say(f"waiting for {self.file.name}: {holder}")
            self._said = True
        time.sleep(_PAUSE_SECONDS)


class FileLock:
    """The lock beside one database file. Within a process it may be taken again while it is held."""

    # Locks belong to the process, so this is shared by all instances: file -> descriptor, times taken.
    _held: ClassVar[dict[Path, tuple[int, int]]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(f"{database.name}.lock")

    def acquire(self, patience: Patience) -> bool:
        """Take the lock, waiting for others.

        Returns:
            Whether this process did not have it before.

        Raises:
            TryAgainLater: another process still has it after the time limit.
            ConfigError: the lock file cannot be written.
        """
        while True:
            with self._guard:
                descriptor, count = self._held.get(self._path, (-1, 0))
                if count:
                    self._held[self._path] = (descriptor, count + 1)
                    return False
                descriptor = self._open()
                if _try_lock(descriptor):
                    _write_holder(descriptor)
                    self._held[self._path] = (descriptor, 1)
                    return True
                holder = _read_holder(descriptor)
                os.close(descriptor)
            patience.wait(holder)

    def release(self) -> None:
        """Give it back; the last of nested holders ends the lock."""
        with self._guard:
            descriptor, count = self._held[self._path]
            if count > 1:
                self._held[self._path] = (descriptor, count - 1)
                return
            del self._held[self._path]
            os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(
                f"cannot write {self._path}: {error.strerror}",
                hint="the folder of the DuckDB file must be writable",
            ) from error


def wait_limit(seconds: float | None) -> float:
    """The time limit: the given one, else that of the environment unless that is empty, else the default.

    Raises:
        ConfigError: the environment's is no number, negative or without end.
    """
    if seconds is not None:
        return seconds
    text = os.environ.get(WAIT_VARIABLE, "").strip()
    if not text:
        return DEFAULT_WAIT_SECONDS
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not (math.isfinite(limit) and limit >= 0):
        raise ConfigError(f"{WAIT_VARIABLE} is not a number of seconds", hint="0 or more, such as 60")
    return limit


@contextmanager
def warehouse_lock(project: Project, *, wait_seconds: float | None = None) -> Iterator[None]:
    """Hold the target's DuckDB file for other programs that we start, such as dbt; nothing on other engines.

    No connection of ours may be open meanwhile.

    Raises:
        TryAgainLater: another process has the file after the time limit.
    """
    if project.engine != "duckdb":
        yield
        return
    from segmentloom_sync.warehouse.duckdb_open import open_database
    from segmentloom_sync.warehouse.duckdb_settings import read_settings

    settings = read_settings(project)
    if settings.file is None:
        yield
        return
    patience = Patience(settings.file, wait_limit(wait_seconds))
    lock = FileLock(settings.file)
    first = lock.acquire(patience)
    try:
        if first:
            # Somebody who runs dbt by hand has the file, but not our lock. Opening also installs extensions.
            when_free(patience, lambda: open_database(settings)).close()
        yield
    finally:
        lock.release()


def when_free(patience: Patience, open_it: Callable[[], T]) -> T:
    """Open a DuckDB file, waiting while a process that does not know our lock has it.

    Raises:
        TryAgainLater: it still has it after the time limit.
        CredentialsError: the file is encrypted with another key.
        WarehouseError: the file cannot be opened.
    """
    import duckdb

    while True:
        try:
            return open_it()
        except duckdb.IOException as error:
            holder = engine_holder(str(error))
            if holder is None:
                raise _cannot_open(error, patience.file) from None
        except duckdb.Error as error:
            raise _cannot_open(error, patience.file) from None
        patience.wait(holder)


def _cannot_open(error: Exception, file: Path) -> SegmentloomError:
    if "encrypt" in str(error).lower():
        return CredentialsError(
            f"{file.name} does not open with the encryption key of the target",
            hint="check the variable that `encryption_key` in profiles.yml names",
        )
    return WarehouseError(
        refusal(error, doing=f"opening {file.name}").message,
        hint=f"see that {file} is a DuckDB database, none of a newer DuckDB, and that you may read it",
    )


def engine_holder(message: str) -> str | None:
    """Who has the file, from DuckDB's message; None when the message is about something else."""
    match = _ENGINE_HOLDER.search(message)
    if match is not None:
        return f"`{Path(match['program']).name}`, pid {match['pid']}"
    if "Could not set lock on file" in message or "being used by another process" in message:
        return "another program"
    return None


def _write_holder(descriptor: int) -> None:
    command = next((word for word in sys.argv[1:] if word.isidentifier()), "")
    holder = {
        "command": f"{Path(sys.argv[0]).name} {command}".strip(),
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(holder).encode())


def _read_holder(descriptor: int) -> str:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        holder = json.loads(os.read(descriptor, 4096))
        since = datetime.fromisoformat(holder["since"]).astimezone()
        return f"`{holder['command']}`, pid {holder['pid']}, since {since:%H:%M}"
    except (ValueError, KeyError, TypeError):
        return "another segmentloom-sync"


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        # Windows forbids others to read locked bytes, so the locked one lies behind the holder's name.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
