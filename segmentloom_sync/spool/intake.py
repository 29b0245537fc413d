"""Reads sealed segments into staged rows, and puts aside what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from segmentloom_sync.landing.bulk import BULK_COLUMNS, Load
from segmentloom_sync.landing.event import Event
from segmentloom_sync.landing.phone import PhoneReader
from segmentloom_sync.landing.staging import packed
from segmentloom_sync.spool.directory import digest_of, segment_of
from segmentloom_sync.spool.events import RecordReader
from segmentloom_sync.spool.keys import KeyRing
from segmentloom_sync.spool.quarantine import put_aside, put_part_aside
from segmentloom_sync.spool.segment import Damage, Reading, UnknownKey, Unreadable, read_segment

if TYPE_CHECKING:
    import pyarrow as pa

OTHER_CONTENT: Final = "its content is not what its name says"
CUT_OFF: Final = "it was cut off at its end"
_ROWS: Final = 10_000
_BEFORE: Final = (None,) * (list(Event._fields).index("received_at"))
_BEHIND: Final = (None,) * (len(Event._fields) - len(_BEFORE) - 1)


@dataclass
class Intake:
    """Some segments on their way into the warehouse.

    Attributes:
        segments: their files, with the load time of each.
        keys: decrypt them.
        phone_region: two letters, the country of phone numbers without a country code.
        is_quick: take the quick way where it can be.
        loads: what was read, by segment and source; complete when the last batch was taken.
        read: the segments that were read.
        quarantined: how many parts of them, or whole ones, could not be.
        unknown_keys: ids of keys without which a segment has to wait.
    """

    segments: Sequence[tuple[Path, datetime]]
    keys: KeyRing | None
    phone_region: str | None
    is_quick: bool = True
    loads: list[Load] = field(default_factory=list)
    read: list[Path] = field(default_factory=list)
    quarantined: int = 0
    unknown_keys: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of all segments as they are staged; each batch is of one load."""
        for path, loaded_at in self.segments:
            reading = self._open(path)
            if reading is not None:
                yield from self._rows(path, loaded_at, reading)
                self.read.append(path)

    def _open(self, path: Path) -> Reading | None:
        data = path.read_bytes()
        try:
            reading = read_segment(data, self.keys)
        except UnknownKey as error:
            self.unknown_keys.append(error.key_id)
            return None
        except Unreadable as error:
            self._put_aside(path, error.reason)
            return None
        damages = reading.damages
        if not damages and not reading.is_closed:
            damages.append(Damage(len(data), 0, CUT_OFF))
        if not damages and reading.layout.digest.hexdigest() != digest_of(path):
            self._put_aside(path, OTHER_CONTENT)
            return None
        for damage in damages:
            part = data[damage.offset : damage.offset + damage.size]
            put_part_aside(path, damage.offset, part, damage.reason)
        self.quarantined += len(damages)
        return reading

    def _put_aside(self, path: Path, reason: str) -> None:
        put_aside(path, reason)
        self.quarantined += 1

    def _rows(self, path: Path, loaded_at: datetime, reading: Reading) -> Iterator[pa.RecordBatch]:
        loads: dict[str, tuple[Load, list[tuple[Any, ...]]]] = {}
        phones = PhoneReader(self.phone_region)
        reader = RecordReader(loaded_at, phones, is_quick=self.is_quick)
        number = 0
        for frame in reading.frames:
            for source_id, received_at, outcome in reader.deliveries(frame.content):
                number += 1
                found = loads.get(source_id)
                if found is None:
                    new = Load(source_id, segment_of(path), str(digest_of(path)), loaded_at)
                    found = loads[source_id] = (new, [])
                load, rows = found
                if isinstance(outcome, Event):
                    rows.append((number, *outcome, None, None))
                else:
                    load.counts.reasons[outcome.reason] += 1
                    rows.append((number, *_BEFORE, received_at, *_BEHIND, *outcome))
                if phones.unusable:
                    load.unusable_phones += phones.unusable
                    phones.unusable = 0
                if len(rows) == _ROWS:
                    yield self._packed(load, rows)
        for load, rows in loads.values():
            if rows:
                yield self._packed(load, rows)
            self.loads.append(load)

    def _packed(self, load: Load, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
        load.counts.read += len(rows)
        batch = packed(rows, BULK_COLUMNS, load.same)
        rows.clear()
        return batch
