"""Moves the sealed segments of a spool into the warehouse, each exactly once.

What tells that a segment is in the warehouse is its row in `S_raw.loads`, written in the transaction that
lands its events. So it does not matter when this is killed, or how often a segment comes again: files are
renamed and deleted only after that transaction.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from segmentloom_sync.errors import SegmentloomError, WarehouseError
from segmentloom_sync.landing.bulk import BulkLoader
from segmentloom_sync.landing.load import Loaded
from segmentloom_sync.project import Project
from segmentloom_sync.spool import disk
from segmentloom_sync.spool.directory import (
    LOADED,
    SEALED,
    digest_of,
    files,
    hold_loading,
    short_of_space,
)
from segmentloom_sync.spool.intake import Intake
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.quarantine import put_aside
from segmentloom_sync.spool.recovery import recover
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect

RETAIN_HOURS: Final = 24.0
GROUP_BYTES: Final = 128 * 1024 * 1024
_GROUP_SEGMENTS: Final = 500
_NO_DIGEST: Final = "its name has no digest"
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SpoolLoaded:
    """What became of a spool.

    Attributes:
        events: of the segments that were landed now.
        segments: those.
        repeated: segments that were in the warehouse already.
        recovered: segments that dead writers had left open.
        torn_bytes: cut off at their ends; nobody was told that they were kept.
        quarantined: segments and parts of them that could not be read, now in `quarantine/`.
        deleted: files that were in the warehouse for long enough.
        unknown_keys: ids of keys without which segments have to wait.
    """

    events: Loaded = field(default_factory=Loaded)
    segments: int = 0
    repeated: int = 0
    recovered: int = 0
    torn_bytes: int = 0
    quarantined: int = 0
    deleted: int = 0
    unknown_keys: Sequence[str] = ()


def load_spool(
    project: Project,
    directory: Path,
    *,
    keys: KeyRing | None,
    phone_region: str | None = None,
    retain_hours: float = RETAIN_HOURS,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[int], None] = lambda _: None,
    group_bytes: int = GROUP_BYTES,
) -> SpoolLoaded:
    """Move what is sealed into the warehouse; what dead writers left is sealed first.

    A DuckDB file is opened only when there is something to land.

    Args:
        project: says which warehouse.
        directory: the spool's folder.
        keys: decrypt it.
        phone_region: two letters, the country of phone numbers without a country code.
        retain_hours: how long files are kept after they were landed; when the disk is nearly full, no longer.
        clock: gives the load time, aware.
        progress: called with the number of segments done since the last call.
        group_bytes: about as much is landed in one transaction.

    Raises:
        TryAgainLater: another process loads this spool, or holds the DuckDB file.
        ConfigError: there is no such folder, or the target lacks a setting.
        WarehouseError: the warehouse refused; what it has not taken stays in the spool.
        SegmentloomError: the spool's disk refused.
    """
    files(directory, SEALED)
    with hold_loading(directory), _rarely_collecting(), _disk_refusals(directory):
        recovered = recover(directory, keys)
        result = SpoolLoaded(
            recovered=recovered.segments,
            torn_bytes=recovered.torn_bytes,
            quarantined=recovered.quarantined,
            unknown_keys=recovered.unknown_keys,
        )
        sealed = files(directory, SEALED)
        if sealed:
            warehouse = connect(project)
            try:
                loader = SpoolLoader(warehouse, keys, phone_region, clock)
                for group in _groups(sealed, group_bytes):
                    result = loader.load(group, result)
                    progress(len(group))
            finally:
                warehouse.close()
        deleted = _forget(directory, clock(), retain_hours)
    return replace(result, deleted=deleted, unknown_keys=tuple(dict.fromkeys(result.unknown_keys)))


class SpoolLoader:
    """Moves segments into one warehouse.

    Args:
        warehouse: where to.
        keys: decrypt them.
        phone_region: two letters, the country of phone numbers without a country code.
        clock: gives the load time, aware.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        keys: KeyRing | None,
        phone_region: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._bulk = BulkLoader(warehouse)
        self._keys = keys
        self._phone_region = phone_region
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)

    def load(self, paths: Sequence[Path], before: SpoolLoaded) -> SpoolLoaded:
        """Land sealed segments in one transaction, and rename those that are in the warehouse.

        Args:
            paths: the files, the oldest first.
            before: what became of others; the result adds to it.

        Raises:
            WarehouseError: the warehouse refused.
            OSError: the disk refused.
        """
        named = [path for path in paths if digest_of(path) is not None]
        for path in paths:
            if digest_of(path) is None:
                put_aside(path, _NO_DIGEST)
        landed = self._bulk.landed(str(digest_of(path)) for path in named)
        repeated = [path for path in named if digest_of(path) in landed]
        _mark_loaded(repeated, self._clock())
        new = [path for path in named if digest_of(path) not in landed]
        intake, events = self._land(new) if new else (Intake([], None, None), Loaded())
        _mark_loaded(intake.read, self._clock())
        return replace(
            before,
            events=before.events + events,
            segments=before.segments + len(intake.read),
            repeated=before.repeated + len(repeated),
            quarantined=before.quarantined + len(paths) - len(named) + intake.quarantined,
            unknown_keys=[*before.unknown_keys, *intake.unknown_keys],
        )

    def _land(self, paths: Sequence[Path]) -> tuple[Intake, Loaded]:
        """Land them the quick way; when the warehouse refuses, look at each event strictly and try again."""
        joined = "\n".join(path.name for path in paths)
        name = f"staged_{hashlib.sha256(joined.encode()).hexdigest()[:32]}"
        timed = [(path, self._next_time()) for path in paths]
        intake = Intake(timed, self._keys, self._phone_region)
        try:
            return intake, self._bulk.land(name, intake.batches(), intake.loads)
        except WarehouseError:
            landed = self._bulk.landed(str(digest_of(path)) for path in paths)
            left = [(path, time) for path, time in timed if digest_of(path) not in landed and path.exists()]
            strict = Intake(left, self._keys, self._phone_region, is_quick=False)
            events = self._bulk.land(name, strict.batches(), strict.loads)
            strict.read += [path for path, _ in timed if digest_of(path) in landed]
            strict.quarantined += len(timed) - len(left) - len(landed)
            return strict, events

    def _next_time(self) -> datetime:
        """Later than that of the segment before, so that of two deliveries that of the earlier one wins."""
        self._last = max(self._clock(), self._last + _TICK)
        return self._last


def _groups(paths: Sequence[Path], group_bytes: int) -> Iterator[list[Path]]:
    group: list[Path] = []
    size = 0
    for path in paths:
        here = path.stat().st_size
        if group and (size + here > group_bytes or len(group) == _GROUP_SEGMENTS):
            yield group
            group, size = [], 0
        group.append(path)
        size += here
    if group:
        yield group


def _mark_loaded(paths: Sequence[Path], now: datetime) -> None:
    for path in paths:
        os.utime(path, (now.timestamp(), now.timestamp()))  # its time is from now on that of its landing
        path.rename(path.with_suffix(LOADED))
    if paths:
        disk.sync_directory(paths[0].parent)


def _forget(directory: Path, now: datetime, retain_hours: float) -> int:
    """Delete files that are in the warehouse for long enough; gives how many."""
    is_short = short_of_space(directory)
    latest = (now - timedelta(hours=retain_hours)).timestamp()
    old = [path for path in files(directory, LOADED) if is_short or path.stat().st_mtime <= latest]
    for path in old:
        path.unlink()
    return len(old)


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Rows are freed by reference counts; the collector would look for cycles among them again and again."""
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


@contextmanager
def _disk_refusals(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SegmentloomError(
            f"cannot work in the spool {directory}: {error.strerror}",
            hint="free space on its disk, or see its permissions",
        ) from None
