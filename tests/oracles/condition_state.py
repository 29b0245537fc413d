"""What the shared evaluation of conditions keeps: as the warehouse has it, and as plain Python says."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from tests.oracles.audience_history import AudienceHistory
from tests.oracles.build import warehouse_of
from tests.oracles.condition_columns import Leaf, column_of, compiled_leaves, digest
from tests.oracles.figures import file_leaves
from tests.oracles.window_edges import is_counted

Counts = dict[tuple[str, str], int]
"""By what is counted and owner of events, without zeros."""


@dataclass(frozen=True)
class Asked:
    """A leaf condition of some file.

    Attributes:
        leaf: as the file has it.
        compiled: as the model of the audience has it.
    """

    leaf: Leaf
    zone: str
    compiled: Leaf

    @property
    def column(self) -> str:
        """Where the answer stands."""
        return column_of(self.compiled)


class ConditionState:
    """What is kept for the audiences of a history."""

    def __init__(self, history: AudienceHistory) -> None:
        self._history = history
        path = history.workspace.path
        compiled_leaves_of = compiled_leaves(path)
        self.asked = []
        for name, file in history.files.items():
            for leaf, compiled in zip(file_leaves(file), compiled_leaves_of[name], strict=True):
                if "audience" not in leaf:
                    self.asked.append(Asked(leaf, file.get("time_zone", "UTC"), compiled))
        with warehouse_of(history.workspace) as warehouse:
            macros = MacroRenderer(Project.find(path, path), warehouse)
            self._key_of = {
                one.column: macros.render("event_key", one.compiled)
                for one in self.asked
                if is_counted(one.leaf)
            }

    def expected_answers(self) -> dict[str, set[str]]:
        """For whom each condition holds, by column."""
        world = self._history.world()
        return {one.column: world.holding(one.leaf, one.zone) for one in self.asked}

    def expected_counts(self) -> Counts:
        """How often each owner did what is counted."""
        world = self._history.owners()
        return {
            (self._key_of[one.column], owner): number
            for one in self.asked
            if is_counted(one.leaf)
            for owner, number in world.counts(one.leaf, one.zone).items()
        }

    def answers(self) -> dict[str, set[str]]:
        """For whom the warehouse says that each condition holds; everybody must be there once."""
        with warehouse_of(self._history.workspace) as warehouse:
            columns = _columns(warehouse, "int_segmentloom__conditions")
            rows = warehouse.rows(
                f"select {', '.join(columns)} from {warehouse.relation('int_segmentloom__conditions')}"
            )
        profiles = [row[columns.index("profile_id")] for row in rows]
        assert sorted(profiles) == sorted(self._history.world().traits)
        found: dict[str, set[str]] = {column: set() for column in columns if column != "profile_id"}
        for row, profile in zip(rows, profiles, strict=True):
            for column, value in zip(columns, row, strict=True):
                if column != "profile_id":
                    assert value in {True, False}
                    found[column] |= {profile} if value else set()
        return found

    def counts(self) -> Counts:
        """How often the warehouse says that each owner did what is counted."""
        with warehouse_of(self._history.workspace) as warehouse:
            columns = _columns(warehouse, "int_segmentloom__event_counts")
            rows = warehouse.rows(
                "select counts.*, identifier_type || ':' || identifier_value"
                f" from {warehouse.relation('int_segmentloom__event_counts')} as counts"
                f" inner join {warehouse.relation('int_segmentloom__identity_map')} as owners"
                " on owners.identifier_key = counts.owner_key"
            )
            keys = self._keys(warehouse)
        found: Counts = {}
        for row in rows:
            values = dict(zip([*columns, "owner"], row, strict=True))
            numbers = [values[column] for column in columns if column.startswith("n_")]
            assert any(numbers), "a row says nothing"
            for key, number in zip([*keys[values["event"]], *(None for _ in numbers)], numbers, strict=False):
                # A column that came with another event has nothing in the rows that were there before.
                assert key is not None or not number, (values, keys[values["event"]])
                if key is not None and number:
                    found[key, values["owner"]] = number
        return found

    def _keys(self, warehouse: Warehouse) -> dict[str, list[str]]:
        """What the columns of counts are of, by event, held against the account that the warehouse keeps."""
        keys: dict[str, set[str]] = defaultdict(set)
        for one in self.asked:
            if is_counted(one.leaf):
                keys[one.leaf["event"]].add(self._key_of[one.column])
        ordered = {event: sorted(of_event) for event, of_event in keys.items()}
        digests = {event: digest(json.dumps(listed)) for event, listed in ordered.items()}
        table = warehouse.relation("int_segmentloom__counted_events")
        assert dict(warehouse.rows(f"select event, counters from {table}")) == digests
        return ordered


def _columns(warehouse: Warehouse, table: str) -> list[str]:
    """Its columns; none of an empty table, of which nothing else is read."""
    batches = warehouse.batches(f"select * from {warehouse.relation(table)} limit 1", 1)
    return [name.lower() for batch in batches for name in batch.schema.names]
