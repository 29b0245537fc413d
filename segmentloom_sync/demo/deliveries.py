"""How events reach the files: some twice, some days late, some broken."""

from __future__ import annotations

import gzip
import heapq
import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import TextIO

from segmentloom_sync.demo.dialects import iso, native, segment
from segmentloom_sync.demo.traffic import DAY, Event

FILES = ("web.jsonl.gz", "app.jsonl", "store.jsonl")
DUPLICATE_SHARE = 0.012
LATE_SHARE = 0.05
BLOCKED_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(slots=True)
class Counts:
    """What was written: the truth that landing is judged by."""

    lines: int = 0
    events: int = 0
    duplicates: int = 0
    late: int = 0
    rejected: int = 0
    without_person: int = 0

    def copy(self) -> Counts:
        """The counts as they are now."""
        return replace(self)

    def minus(self, before: Counts) -> Counts:
        """What was written since `before`."""
        return Counts(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(before), strict=True)))


@dataclass(slots=True, order=True)
class _Delivery:
    received: int
    number: int
    event: Event = field(compare=False)
    is_again: bool = field(compare=False)


class Deliveries:
    """Writes events into a folder of files; what is due after the last one waits for the next folder.

    Args:
        seed: the same seed gives the same deliveries.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"deliveries {seed}")
        self._waiting: list[_Delivery] = []
        self._number = 0
        self.counts = Counts()

    def write(self, folder: Path, events: Iterable[Event], *, until: int, broken: int) -> list[Path]:
        """Write one folder of files.

        Args:
            folder: made if missing; its files are replaced.
            events: about in time order.
            until: nothing is received after this time.
            broken: so many lines that must be rejected are mixed in.
        """
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / name for name in FILES]
        with ExitStack() as stack:
            web, app, store = (stack.enter_context(_open(path)) for path in paths)
            for delivery in self._in_order(events, until):
                self._count(delivery)
                event = delivery.event
                if "store" in event.context:
                    store.write(native(event, delivery.received) + "\n")
                elif event.on_app:
                    app.write(native(event, delivery.received) + "\n")
                else:
                    web.write(segment(event, delivery.received) + "\n")
            for number in range(broken):
                app.write(_broken_line(number, iso(until)) + "\n")
            self.counts.rejected += broken
            self.counts.lines += broken
        return paths

    def _in_order(self, events: Iterable[Event], until: int) -> Iterator[_Delivery]:
        for event in events:
            yield from self._due(event.at)
            received = event.at + self._random.randint(50, 4_000)
            if event.may_be_late and self._random.random() < LATE_SHARE:
                self._push(event, received + self._random.randint(DAY // 8, 3 * DAY), is_again=False)
                continue
            yield _Delivery(received, 0, event, is_again=False)
            if self._random.random() < DUPLICATE_SHARE:
                self._push(event, received + self._random.randint(30_000, DAY), is_again=True)
        yield from self._due(until)

    def _due(self, now: int) -> Iterator[_Delivery]:
        while self._waiting and self._waiting[0].received <= now:
            yield heapq.heappop(self._waiting)

    def _push(self, event: Event, received: int, *, is_again: bool) -> None:
        self._number += 1
        heapq.heappush(self._waiting, _Delivery(received, self._number, event, is_again))

    def _count(self, delivery: _Delivery) -> None:
        self.counts.lines += 1
        if delivery.is_again:
            self.counts.duplicates += 1
            return
        self.counts.events += 1
        if delivery.received - delivery.event.at > DAY // 8:
            self.counts.late += 1
        if delivery.event.anonymous_id == BLOCKED_ID:
            self.counts.without_person += 1


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "wt", compresslevel=3, encoding="utf-8")
    return path.open("w", encoding="utf-8")


def _broken_line(number: int, received: str) -> str:
    """A line that every landing must reject, of one of five kinds."""
    rest = f'"message_id": "broken-{number}", "received_at": "{received}"'
    return (
        f'{{"type": "track", "event": "Product Viewed", {rest}}}',
        f'{{"type": "track", "anonymous_id": "a", "event": "Viewed", {rest}, "timestamp": "yesterday"}}',
        f'{{"type": "track", "anonymous_id": "a", {rest}, "event": "Product Vie',
        f'{{"type": "purchase", "anonymous_id": "a", "event": "Product Viewed", {rest}}}',
        f'{{"type": "track", "anonymous_id": "a", {rest}}}',
    )[number % 5]
