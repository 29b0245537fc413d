"""Seals the segments whose writers are gone: what is whole in them is kept, a torn end is cut off."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segmentloom_sync.errors import SegmentloomError
from segmentloom_sync.spool import disk
from segmentloom_sync.spool.directory import OPEN, files, sealed_name
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.quarantine import put_aside
from segmentloom_sync.spool.segment import Reading, UnknownKey, Unreadable, read_segment

_UNNAMED: Final = f".*{OPEN}"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a recovery found.

    Attributes:
        segments: left behind by their writers, and sealed now.
        records: in them.
        torn_bytes: cut off at the ends; nobody was told that they were kept.
        quarantined: segments that could not be read at all.
        unknown_keys: ids of keys without which a segment has to wait.
    """

    segments: int = 0
    records: int = 0
    torn_bytes: int = 0
    quarantined: int = 0
    unknown_keys: Sequence[str] = ()


def recover(directory: Path, keys: KeyRing | None) -> Recovered:
    """Seal what dead writers left. Segments that are being written are left alone; any number may do this.

    A segment whose header is unreadable goes to the quarantine. One whose key is not given stays as it is.

    Raises:
        ConfigError: the folder cannot be read.
        SegmentloomError: the disk refused.
    """
    segments = records = torn = aside = 0
    unknown: list[str] = []
    _remove_unnamed(directory)
    for path in files(directory, OPEN):
        try:
            with _without_writer(path) as descriptor:
                if descriptor is None:
                    continue
                reading, cut = _seal(path, descriptor, keys)
        except UnknownKey as error:
            unknown.append(error.key_id)
        except Unreadable as error:
            put_aside(path, error.reason)
            aside += 1
        except OSError as error:
            raise SegmentloomError(
                f"cannot recover {path}: {error.strerror}",
                hint="free space on its disk, or see its permissions",
            ) from None
        else:
            segments += 1
            records += reading.layout.records
            torn += cut
    return Recovered(segments, records, torn, aside, tuple(dict.fromkeys(unknown)))


def _remove_unnamed(directory: Path) -> None:
    """Remove files that were being made when their maker died; nothing is in them yet."""
    for path in directory.glob(_UNNAMED):
        with _without_writer(path) as descriptor:
            if descriptor is not None:
                path.unlink(missing_ok=True)


@contextmanager
def _without_writer(path: Path) -> Iterator[int | None]:
    """Open a file and lock it; gives None when its writer lives, or has sealed it meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield None
        return
    try:
        is_ours = disk.try_lock(descriptor) and disk.is_still(descriptor, path)
        yield descriptor if is_ours else None
    finally:
        os.close(descriptor)


def _seal(path: Path, descriptor: int, keys: KeyRing | None) -> tuple[Reading, int]:
    """Seal a segment; gives what it holds and how many bytes were cut off."""
    data = path.read_bytes()
    reading = read_segment(data, keys)
    layout = reading.layout
    torn = 0
    if not reading.is_closed:
        if reading.damages and reading.damages[-1].offset + reading.damages[-1].size == len(data):
            tail = reading.damages.pop()
            torn = tail.size
            layout.offset -= torn
            layout.frames -= 1
        os.ftruncate(descriptor, layout.offset)
        head, payload = layout.closing_frame()
        os.lseek(descriptor, 0, os.SEEK_END)
        disk.write_all(descriptor, [head, payload])
        layout.add(head, payload, 0)
    disk.sync(descriptor)
    path.rename(path.with_name(sealed_name(path.name, layout.digest.hexdigest())))
    disk.sync_directory(path.parent)
    return reading, torn
