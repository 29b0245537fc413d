"""What holds of the spool, as functions: tests call them, and so do the mutants that must break them."""

from __future__ import annotations

import random
import shutil
import threading
from pathlib import Path

import pytest

from segmentloom_sync.spool import disk
from segmentloom_sync.spool.directory import OPEN, files
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.recovery import recover
from segmentloom_sync.spool.segment import read_segment
from tests.unit.spool.rings import RING, line, sealed_lines, written

GROUPS = [[line(0)], [line(1), line(2), line(3)], [line(4)], [line(5), line(6)]]


def nobody_is_told_before_the_disk_has_it(folder: Path, _: int) -> None:
    may_sync, is_writing = threading.Event(), threading.Event()
    real = disk.sync

    def gated(descriptor: int) -> None:
        is_writing.set()
        assert may_sync.wait(30)
        real(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        writer = written(folder, [[line(0)]], None)
        patch.setattr(disk, "sync", gated)
        first = writer.append(line(1))
        is_writing.wait(2)
        second = writer.append(line(2))
        assert not first.done()
        assert not second.done()
        assert second is not first
        may_sync.set()
        first.result(30)
        second.result(30)
        writer.close()
    assert sealed_lines(folder, None) == [line(0), line(1), line(2)]


def whole_frames_survive_a_torn_end(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    keys = RING if chance.random() < 0.5 else None
    original, path, data = _crashed(folder, keys)
    layout = read_segment(data, keys)
    ends = [frame.offset for frame in layout.frames[1:]] + [len(data)]
    length = chance.randrange(layout.frames[0].offset, len(data) + 1)
    torn = data[:length] + bytes(chance.randrange(256) for _ in range(chance.choice([0, 3, 40])))
    path.write_bytes(torn)

    recovered = recover(folder, keys)

    whole = [group for group, end in zip(GROUPS, ends, strict=True) if end <= length]
    kept = [record for group in whole for record in group]
    assert sealed_lines(folder, keys) == kept
    good = ends[len(whole) - 1] if whole else layout.frames[0].offset
    assert recovered.torn_bytes == len(torn) - good
    assert (recovered.segments, recovered.records) == (1, len(kept))
    assert not files(folder, OPEN)
    assert original == GROUPS


def a_changed_bit_costs_at_most_its_frame(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    keys = RING if chance.random() < 0.5 else None
    _, path, data = _crashed(folder, keys)
    frames = read_segment(data, keys).frames
    place = chance.randrange(frames[0].offset, len(data))
    changed = bytearray(data)
    changed[place] ^= 1 << chance.randrange(8)

    reading = read_segment(bytes(changed), keys)

    hit = max(number for number, frame in enumerate(frames) if frame.offset <= place)
    kept = [frame.content for frame in reading.frames]
    assert frames[hit].content not in kept
    is_length = place - frames[hit].offset < 4
    rest = [frame.content for number, frame in enumerate(frames) if number != hit]
    assert kept == (rest[: len(kept)] if is_length else rest)
    assert kept[:hit] == rest[:hit]
    assert reading.damages
    path.unlink()


def encrypted_frames_cannot_be_moved(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    writer = written(folder, [[line(1)], [line(1)], [line(1)]], RING)
    [path] = files(folder, OPEN)
    data = path.read_bytes()
    frames = read_segment(data, RING).frames
    size = frames[1].offset - frames[0].offset
    pieces = [data[frame.offset : frame.offset + size] for frame in frames]
    assert len({piece[8:] for piece in pieces}) == 3, "equal contents must not be seen to be equal"
    assert line(1)[:20] not in data
    other = chance.choice([[0, 0, 2], [1, 1, 2], [1, 0, 2], [2, 0, 1], [0, 2, 1], [0, 1, 1]])
    moved = data[: frames[0].offset] + b"".join(pieces[number] for number in other)

    reading = read_segment(moved, RING)

    stayed = [number for place, number in enumerate(other) if place == number]
    assert [frame.offset for frame in reading.frames] == [frames[number].offset for number in stayed]
    writer.close()


def sealed_segments_cannot_be_cut(folder: Path, seed: int) -> None:
    written(folder, GROUPS, RING).close()
    [path] = [path for path in folder.iterdir() if path.suffix == ".sealed"]
    data = path.read_bytes()
    frames = read_segment(data, RING).frames
    cut = data[: random.Random(seed).choice(frames).offset]
    reading = read_segment(cut, RING)
    assert not reading.is_closed
    assert read_segment(data, RING).is_closed


def _crashed(folder: Path, keys: KeyRing | None) -> tuple[list[list[bytes]], Path, bytes]:
    """A segment as a killed writer leaves it: a copy, since the writer's lock goes with it."""
    alive = folder / "alive"
    writer = written(alive, GROUPS, keys)
    [path] = files(alive, OPEN)
    copy = folder / path.name
    shutil.copyfile(path, copy)
    writer.close()
    shutil.rmtree(alive)
    return GROUPS, copy, copy.read_bytes()
