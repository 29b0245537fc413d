"""Keys, records and ways to look into a spool, for its tests."""

from __future__ import annotations

from pathlib import Path

from segmentloom_sync.spool.directory import LOADED, SEALED, files
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.record import head
from segmentloom_sync.spool.segment import read_segment
from segmentloom_sync.spool.writer import SpoolWriter

RING = KeyRing("new", {"new": bytes(range(32)), "old": bytes(reversed(range(32)))})
HEAD = head("2026-11-30T10:00:00.123Z", "k_1", "web", ip="192.0.2.7")


def line(number: int, source: str = "web") -> bytes:
    """A record whose event has an id of its own, as long as others are or not."""
    start = HEAD if source == "web" else head("2026-11-30T10:00:00Z", "k_2", source)
    padding = "x" * (number * 7 % 50)
    event = f'{{"event":"E","user_id":"u{number}","message_id":"m{number}","properties":{{"p":"{padding}"}}}}'
    return start + event.encode() + b"}\n"


def written(folder: Path, groups: list[list[bytes]], keys: KeyRing | None) -> SpoolWriter:
    """A writer that has each group on the disk, one after the other, and is still open."""
    writer = SpoolWriter(folder, keys=keys, free_floor=0, seal_seconds=3600)
    for group in groups:
        writer.append(b"".join(group), len(group)).result(timeout=30)
    return writer


def sealed_lines(folder: Path, keys: KeyRing | None) -> list[bytes]:
    """The records of all sealed segments, in order; they must be whole."""
    lines: list[bytes] = []
    for path in [*files(folder, SEALED), *files(folder, LOADED)]:
        reading = read_segment(path.read_bytes(), keys)
        assert reading.is_closed
        assert not reading.damages
        assert reading.layout.digest.hexdigest() in path.name
        for frame in reading.frames:
            lines += frame.content.splitlines(keepends=True)
    return lines
