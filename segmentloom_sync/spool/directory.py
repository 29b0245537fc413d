"""The files of a spool: their names, their order, and whose they are.

    <time>-<worker>-<number>.open               being written; its writer holds a lock on it
    <time>-<worker>-<number>-<digest>.sealed    complete, to be loaded
    <time>-<worker>-<number>-<digest>.loaded    in the warehouse, kept for a while
    quarantine/                                 what could not be read, each with its reason beside it

A file that begins with a dot is being made.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from segmentloom_sync.errors import ConfigError, TryAgainLater
from segmentloom_sync.spool import disk

OPEN: Final = ".open"
SEALED: Final = ".sealed"
LOADED: Final = ".loaded"
QUARANTINE: Final = "quarantine"
_COLLECTOR_LOCK: Final = "collector.lock"
_LOADER_LOCK: Final = "loader.lock"
_SEALED_NAME = re.compile(r"(?P<stem>.+)-(?P<digest>[0-9a-f]{64})\.(?:sealed|loaded)")
_FREE_SHARE: Final = 20  # a twentieth, 5 %
_FREE_BYTES: Final = 1024**3


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What lies in a spool.

    Attributes:
        segments: those that are not in the warehouse yet.
        bytes: theirs.
        oldest_unloaded_seconds: since the oldest of them was begun; 0 when there is none.
        quarantined: files that could not be read.
    """

    segments: int
    bytes: int
    oldest_unloaded_seconds: float
    quarantined: int


def make_directory(directory: Path) -> None:
    """Make the folder of a spool, readable by nobody else, unless it is there.

    Raises:
        ConfigError: it cannot be made, or not be written to.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(0, "no permission to write there")
    except OSError as error:
        raise ConfigError(
            f"cannot use {directory} as a spool: {error.strerror}", hint="name a folder that you may write to"
        ) from None


@contextmanager
def hold_directory(directory: Path) -> Iterator[None]:
    """Make a spool's folder and be its only collector.

    Raises:
        ConfigError: another collector has it, or it cannot be written to.
    """
    make_directory(directory)
    with _held(directory / _COLLECTOR_LOCK) as holder:
        if holder is not None:
            raise ConfigError(
                f"another collector uses the spool {directory}: {holder}",
                hint="stop it, or give each collector a --spool of its own",
            )
        yield


@contextmanager
def hold_loading(directory: Path) -> Iterator[None]:
    """Be the only one who loads this spool.

    Raises:
        TryAgainLater: another process loads it.
        ConfigError: the folder cannot be written to.
    """
    with _held(directory / _LOADER_LOCK) as holder:
        if holder is not None:
            raise TryAgainLater(
                f"the spool {directory} is being loaded: {holder}", hint="try again when that has ended"
            )
        yield


def files(directory: Path, suffix: str) -> list[Path]:
    """The spool's files of one kind, the oldest first.

    Raises:
        ConfigError: there is no such folder, or it cannot be read.
    """
    try:
        return sorted(
            path for path in directory.iterdir() if path.suffix == suffix and not path.name.startswith(".")
        )
    except OSError as error:
        raise ConfigError(
            f"cannot read the spool {directory}: {error.strerror}", hint="name the folder of a collector"
        ) from None


def digest_of(path: Path) -> str | None:
    """The digest that a sealed file's name bears; None when it bears none."""
    match = _SEALED_NAME.fullmatch(path.name)
    return match["digest"] if match else None


def segment_of(path: Path) -> str:
    """The segment's name, whatever its file is called by now."""
    match = _SEALED_NAME.fullmatch(path.name)
    return match["stem"] if match else path.stem


def sealed_name(name: str, digest: str) -> str:
    """What an open segment is called once it is sealed."""
    return f"{name.removesuffix(OPEN)}-{digest}{SEALED}"


def segment_name(now: datetime, worker: str, number: int) -> str:
    """The name of a segment that is begun now; names sort by time."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{worker}-{number:06}{OPEN}"


def spool_state(directory: Path) -> SpoolState:
    """What lies in a spool now.

    Raises:
        ConfigError: the folder cannot be read.
    """
    count = size = 0
    oldest: float | None = None
    for path in [*files(directory, SEALED), *files(directory, OPEN)]:
        try:
            size += path.stat().st_size
        except FileNotFoundError:
            continue  # renamed or removed meanwhile
        count += 1
        begun = _begun(path)
        oldest = begun if oldest is None or begun < oldest else oldest
    quarantine = directory / QUARANTINE
    quarantined = sum(path.suffix != ".reason" for path in quarantine.iterdir()) if quarantine.is_dir() else 0
    return SpoolState(count, size, max(0.0, time.time() - oldest) if oldest is not None else 0.0, quarantined)


def short_of_space(directory: Path, floor: int | None = None) -> bool:
    """Whether less space is free than a spool leaves to others.

    Args:
        floor: bytes; None: the smaller of 5 % of the disk and 1 GiB.
    """
    free, total = disk.free_and_total(directory)
    return free < (min(total // _FREE_SHARE, _FREE_BYTES) if floor is None else floor)


def _begun(path: Path) -> float:
    text = path.name.partition("Z-")[0]
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return path.stat().st_mtime


@contextmanager
def _held(path: Path) -> Iterator[str | None]:
    """Take a lock file; gives who has it, or None when we do."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from None
    try:
        if not disk.try_lock(descriptor):
            yield _holder(descriptor)
            return
        since = datetime.now(UTC).isoformat(timespec="seconds")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "since": since}).encode(), 0)
        yield None
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    try:
        said = json.loads(os.pread(descriptor, 4096, 0))
        since = datetime.fromisoformat(said["since"]).astimezone()
        return f"pid {said['pid']}, since {since:%Y-%m-%d %H:%M}"
    except (ValueError, KeyError, TypeError):
        return "another process"
