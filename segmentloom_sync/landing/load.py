"""Lands a file: staged by the warehouse's bulk path, then moved into the tables in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from segmentloom_sync.landing.files import SourceFile
from segmentloom_sync.landing.lines import rows
from segmentloom_sync.landing.phone import PhoneReader
from segmentloom_sync.landing.staging import Counts, batches
from segmentloom_sync.landing.tables import (
    EVENTS,
    LOAD_COLUMNS,
    LOADS,
    REJECTED,
    STAGED_COLUMNS,
    ensure_tables,
    load_id_of,
    staged_values,
)
from segmentloom_sync.terminal import Progress
from segmentloom_sync.warehouse.base import Statement, Warehouse

_ONE_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Loaded:
    """What became of the events of one file, or of several.

    Attributes:
        read: events, and lines that hold none.
        landed: events that were new.
        duplicates: deliveries of events that were there already.
        rejected: lines and events that were refused.
        reasons: the refused ones by reason.
        unusable_phones: phone numbers of accepted events that are no E.164 and could not be made so.
    """

    read: int = 0
    landed: int = 0
    duplicates: int = 0
    rejected: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    unusable_phones: int = 0

    def __add__(self, other: Loaded) -> Loaded:
        return Loaded(
            self.read + other.read,
            self.landed + other.landed,
            self.duplicates + other.duplicates,
            self.rejected + other.rejected,
            Counter(self.reasons) + Counter(other.reasons),
            self.unusable_phones + other.unusable_phones,
        )


class Loader:
    """Lands files of one source.

    Args:
        warehouse: where to.
        source_id: the source that the events come from; ids of events are unique within it.
        clock: gives the load time, aware.
        phone_region: two letters, the country of phone numbers without a country code; None: those are left
            out.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        source_id: str,
        clock: Callable[[], datetime],
        phone_region: str | None = None,
    ) -> None:
        self._warehouse = warehouse
        self._source_id = source_id
        self._clock = clock
        self._phone_region = phone_region
        self._last: datetime | None = None
        ensure_tables(warehouse)

    def load(self, file: SourceFile, progress: Progress) -> Loaded:
        """Land one file; the same content again lands nothing.

        Nothing of the file is in the tables until all of it is, whenever this process is killed.

        Raises:
            SegmentloomError: the file changed while it was read.
            WarehouseError: the warehouse refused the rows.
        """
        load_id = load_id_of(self._source_id, file.digest)
        before = self._earlier(load_id)
        if before is not None:
            progress(file.line_count)
            return before
        loaded_at = self._next_time()
        counts, phones = Counts(), PhoneReader(self._phone_region)
        staged = self._warehouse.stage(
            f"staged_{load_id}",
            "raw",
            STAGED_COLUMNS,
            batches(rows(_reported(file.lines(), progress), loaded_at, phones), counts),
        )
        try:
            landed = self._count_new(staged)
            duplicates = counts.read - counts.rejected - landed
            loaded = Loaded(
                counts.read, landed, duplicates, counts.rejected, dict(counts.reasons), phones.unusable
            )
            self._move(staged, file, load_id, loaded_at, loaded)
        finally:
            self._warehouse.drop(staged)
        return loaded

    def _next_time(self) -> datetime:
        """Later than the file before, so that of two deliveries in one load that of the first file wins."""
        now = self._clock()
        if self._last is not None and now <= self._last:
            now = self._last + _ONE_TICK
        self._last = now
        return now

    def _earlier(self, load_id: str) -> Loaded | None:
        found = self._warehouse.rows(
            f"select read, rejected from {self._relation(LOADS)} where load_id = :load_id", load_id=load_id
        )
        if not found:
            return None
        read, rejected = map(int, found[0])
        reasons = self._warehouse.rows(
            f"select reason, count(*) from {self._relation(REJECTED)} "
            "where load_id = :load_id group by reason",
            load_id=load_id,
        )
        return Loaded(
            read, 0, read - rejected, rejected, {str(reason): int(count) for reason, count in reasons}
        )

    def _count_new(self, staged: str) -> int:
        accepted = f"select event_id from {staged} where reason is null"
        # The large table is read past the small set of ids; the other way round it would have to be held.
        [(new, known)] = self._warehouse.rows(
            f"""
            select
                (select count(distinct event_id) from {staged} where reason is null) as new_ids,
                (
                    select count(distinct event_id)
                    from {self._relation(EVENTS)}
                    where
                        source_id = :source_id
                        and event_id in ({accepted})
                ) as known_ids
            """,
            source_id=self._source_id,
        )
        return int(new) - int(known)

    def _move(self, staged: str, file: SourceFile, load_id: str, loaded_at: datetime, loaded: Loaded) -> None:
        given = {"source_id": self._source_id, "load_id": load_id, "loaded_at": loaded_at}
        manifest: dict[str, Any] = {
            **given,
            "file_name": file.name,
            "file_digest": file.digest,
            "read": loaded.read,
            "landed": loaded.landed,
            "duplicates": loaded.duplicates,
            "rejected": loaded.rejected,
        }
        self._warehouse.apply(
            [
                Statement(self._insert_events(staged), given),
                Statement(self._insert_rejected(staged), given),
                Statement(self._insert_load(), manifest),
            ]
        )

    def _insert_events(self, staged: str) -> str:
        shared = {"source_id": ":source_id", "load_id": ":load_id", "loaded_at": ":loaded_at"}
        values = staged_values(self._warehouse) | shared
        return f"""
            insert into {self._relation(EVENTS)} ({", ".join(values)})
            select {", ".join(values.values())}
            from {staged}
            where
                reason is null
                and {self._not_loaded()}
        """

    def _insert_rejected(self, staged: str) -> str:
        return f"""
            insert into {self._relation(REJECTED)}
                (source_id, load_id, line_number, reason, raw, received_at, loaded_at)
            select :source_id, :load_id, line_number, reason, raw, :loaded_at, :loaded_at
            from {staged}
            where
                reason is not null
                and {self._not_loaded()}
        """

    def _insert_load(self) -> str:
        return f"""
            insert into {self._relation(LOADS)} ({", ".join(LOAD_COLUMNS)})
            select {", ".join(f":{name}" for name in LOAD_COLUMNS)}
            from (select 1 as one) as one
            where {self._not_loaded()}
        """

    def _not_loaded(self) -> str:
        """Makes the transaction harmless when it is sent again, its first answer having been lost."""
        return f"not exists (select 1 from {self._relation(LOADS)} as loads where loads.load_id = :load_id)"

    def _relation(self, name: str) -> str:
        return self._warehouse.relation(name, "raw")


def _reported(lines: Iterable[bytes], progress: Progress) -> Iterator[bytes]:
    step = 1_000
    number = 0
    for number, line in enumerate(lines, start=1):
        yield line
        if number % step == 0:
            progress(step)
    progress(number % step)
