"""The account that builds keep of how far they have come, made by hand."""

from __future__ import annotations

from datetime import datetime

from segmentloom_sync.warehouse.base import Columns, Warehouse
from tests.unit.sync.shop import AUDIENCE, START

PROGRESS: Columns = {
    "consumer": "string",
    "entry": "integer",
    "generation": "string",
    "batch": "integer",
    "updated_at": "timestamp",
}
PUBLICATIONS: Columns = {
    "audience": "string",
    "evaluated_at": "timestamp",
    "generation": "string",
    "batch": "integer",
}
FEED, CONDITIONS = "int_segmentloom__profile_changes", "int_segmentloom__conditions"
FOLLOWERS = (
    "segmentloom__profiles",
    "segmentloom__hashed_identifiers",
    "int_segmentloom__identifier_digests",
)


class Account:
    """What builds write of how far they have come."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._entries = 0
        warehouse.ensure_table("int_segmentloom__progress", "", PROGRESS)
        warehouse.ensure_table("int_segmentloom__publications", "", PUBLICATIONS)

    def comes_to(self, consumer: str, batch: int, *, at: datetime = START, generation: str = "g") -> None:
        self._entries += 1
        self._warehouse.execute(
            f"insert into {self._warehouse.relation('int_segmentloom__progress')} values"
            " (:consumer, :entry, :generation, :batch, :at)",
            consumer=consumer,
            entry=self._entries,
            generation=generation,
            batch=batch,
            at=at,
        )

    def profiles_change(self, batch: int, *, at: datetime = START) -> None:
        for consumer in (FEED, *FOLLOWERS):
            self.comes_to(consumer, batch, at=at)

    def conditions_follow(self, batch: int, change: int) -> None:
        self.comes_to(CONDITIONS, batch)
        self.comes_to("int_segmentloom__condition_changes", change, generation="c")

    def publishes(self, change: int, *, at: datetime = START, generation: str = "c") -> None:
        relation = self._warehouse.relation("int_segmentloom__publications")
        self._warehouse.execute(f"delete from {relation} where true")
        self._warehouse.execute(
            f"insert into {relation} (audience, evaluated_at, generation, batch)"
            " values (:audience, :at, :generation, :change)",
            audience=AUDIENCE,
            at=at,
            generation=generation,
            change=change,
        )
