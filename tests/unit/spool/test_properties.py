"""The properties of the spool, on seeded chance, and the faults that they must notice."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from segmentloom_sync.spool import cipher, disk, open_segment, segment
from segmentloom_sync.spool.cipher import SegmentCipher
from segmentloom_sync.spool.segment import Layout
from tests.unit.spool import properties

Property = Callable[[Path, int], None]
SEEDS = 12
PROPERTIES: list[Property] = [
    properties.nobody_is_told_before_the_disk_has_it,
    properties.whole_frames_survive_a_torn_end,
    properties.a_changed_bit_costs_at_most_its_frame,
    properties.encrypted_frames_cannot_be_moved,
    properties.sealed_segments_cannot_be_cut,
]


def check(holds: Property, folder: Path) -> None:
    for seed in range(1 if holds is properties.nobody_is_told_before_the_disk_has_it else SEEDS):
        place = folder / str(seed)
        place.mkdir()
        holds(place, seed)


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
def test_holds(holds: Property, tmp_path: Path) -> None:
    check(holds, tmp_path)


def no_sync(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(open_segment.OpenSegment, "sync", lambda self: None)


def no_checksum(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(segment, "_checks", lambda *_: True)


def no_cut(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os, "ftruncate", lambda *_: None)


def checksum_of_the_payload_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(segment, "_checksum", lambda length, payload, encrypted: zlib.crc32(payload[-16:]))


def all_lost_after_damage(patch: pytest.MonkeyPatch) -> None:
    real = segment._next_frame

    def rest_is_bad(data: bytes, offset: int, encrypted: bool) -> tuple[bytes, bytes, bool]:
        try:
            return real(data, offset, encrypted)
        except segment._BadFrame as error:
            raise segment._BadFrame(error.reason, len(data) - offset) from None

    patch.setattr(segment, "_next_frame", rest_is_bad)


def frames_bound_to_no_place(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        SegmentCipher, "_bound", lambda self, number, offset, closing: (bytes(12), self._segment_id)
    )


def nonce_of_the_offset_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SegmentCipher, "decrypt", lambda self, payload, *_, **__: payload[: -cipher.TAG_BYTES])


def no_closing_frame(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Layout, "closing_frame", lambda self: self._frame(b"", closing=False))


def written_twice(patch: pytest.MonkeyPatch) -> None:
    real = disk.write_all

    def twice(descriptor: int, parts: list[bytes]) -> None:
        real(descriptor, parts)
        if os.lseek(descriptor, 0, os.SEEK_CUR) > 1000:
            real(descriptor, parts)

    patch.setattr(disk, "write_all", twice)


FAULTS: dict[Callable[[pytest.MonkeyPatch], None], Property] = {
    no_sync: properties.nobody_is_told_before_the_disk_has_it,
    no_checksum: properties.a_changed_bit_costs_at_most_its_frame,
    no_cut: properties.whole_frames_survive_a_torn_end,
    checksum_of_the_payload_alone: properties.a_changed_bit_costs_at_most_its_frame,
    all_lost_after_damage: properties.a_changed_bit_costs_at_most_its_frame,
    frames_bound_to_no_place: properties.encrypted_frames_cannot_be_moved,
    nonce_of_the_offset_alone: properties.encrypted_frames_cannot_be_moved,
    no_closing_frame: properties.sealed_segments_cannot_be_cut,
    written_twice: properties.whole_frames_survive_a_torn_end,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_noticed(
    fault: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    with pytest.raises((AssertionError, ValueError, IndexError)):
        check(FAULTS[fault], tmp_path)
