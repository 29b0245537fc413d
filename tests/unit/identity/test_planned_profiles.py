"""Merges, splits and renames between two maps of identifiers, against plain Python on random ones."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from random import Random

import duckdb
import pytest

from segmentloom_sync.identity.planned_conflicts import ConflictChange, conflict_changes
from segmentloom_sync.identity.planned_profiles import KINDS, ProfileChanges, profile_changes
from segmentloom_sync.warehouse.duckdb import DuckDb
from segmentloom_sync.warehouse.duckdb_open import SCRATCH

TABLES = """
create schema {schema};
create table {schema}.int_segmentloom__identity_map (
    identifier_key bigint, identifier_type varchar, identifier_value varchar, first_seen_at timestamp,
    profile_id varchar, component_key bigint
);
create view {schema}.profiles as
select profile_id, count(*) as identifier_count, count(*) > 3 as is_quarantined
from {schema}.int_segmentloom__identity_map
group by 1;
create table {schema}.identity_conflicts (
    rule varchar, identifier_type varchar, identifier_value varchar, other_type varchar, other_value varchar
);
"""
Groups = list[list[int]]
"""Identifiers by number, the oldest first; a number is its age, its type and its value."""


@pytest.fixture
def warehouse() -> Iterator[DuckDb]:
    connection = duckdb.connect()
    connection.execute(f"attach ':memory:' as {SCRATCH}")
    for schema in ("segmentloom", "segmentloom_plan"):
        connection.execute(TABLES.format(schema=schema))
    with closing(DuckDb(connection, "segmentloom", lambda: None)) as opened:
        yield opened


def type_of(number: int) -> str:
    return ("user_id", "email", "anonymous_id")[number % 3]


def id_of(number: int) -> str:
    return hashlib.sha256(f"{type_of(number)}:{number}".encode()).hexdigest()[:32]


def fill(warehouse: DuckDb, schema: str, groups: Groups) -> None:
    rows = [
        f"({number}, '{type_of(number)}', '{number}', timestamp '2026-01-01' + interval {number} hour,"
        f" '{id_of(group[0])}', {group[0]})"
        for group in groups
        for number in group
    ]
    warehouse.execute(f"delete from {schema}.int_segmentloom__identity_map")
    warehouse.execute(f"insert into {schema}.int_segmentloom__identity_map values {', '.join(rows)}")


def changes(warehouse: DuckDb, before: Groups, after: Groups, show: int = 0) -> ProfileChanges:
    fill(warehouse, "segmentloom", before)
    fill(warehouse, "segmentloom_plan", after)
    return profile_changes(warehouse, 1_000, show)


def told(before: Groups, after: Groups) -> dict[str, set[tuple[int | None, int | None, int]]]:
    """The same in plain Python: kind -> (from, to, identifiers), profiles by their oldest identifier."""
    place = {number: group[0] for group in after for number in group}
    heads = {group[0] for group in before}
    found: dict[str, set[tuple[int | None, int | None, int]]] = {kind: set() for kind in KINDS}
    renamed: set[int] = set()
    for group in sorted(before, key=lambda group: min([n for n in group if n in place], default=0)):
        left = sorted(number for number in group if number in place)
        if not left:
            found["gone"].add((group[0], None, len(group)))
            continue
        heir = place[group[0] if group[0] in place else left[0]]
        parts: dict[int, int] = defaultdict(int)
        for number in left:
            parts[place[number]] += 1
        for end, size in parts.items():
            if end != heir:
                found["split"].add((group[0], end, size))
            elif end != group[0]:
                kind = "merge" if end in heads or end in renamed else "rename"
                renamed |= {end} if kind == "rename" else set()
                found[kind].add((group[0], end, size))
    known = {number for group in before for number in group}
    for group in after:
        if not known.intersection(group):
            found["new"].add((None, group[0], len(group)))
    return found


def grouped(numbers: list[int], random: Random) -> Groups:
    groups: dict[int, list[int]] = defaultdict(list)
    for number in numbers:
        groups[random.randrange(len(numbers) // 2 + 1)].append(number)
    return [sorted(group) for group in groups.values()]


@pytest.mark.parametrize("seed", range(30))
def test_changes_are_those_of_plain_python(warehouse: DuckDb, seed: int) -> None:
    random = Random(seed)
    numbers = list(range(24))
    before = grouped([number for number in numbers if random.random() < 0.9], random)
    after = [list(group) for group in before if random.random() < 0.5]
    rest = [number for number in numbers if not any(number in group for group in after)]
    after += grouped([number for number in rest if random.random() < 0.9], random)
    expected = told(before, after)
    found = changes(warehouse, before, after)
    assert {
        kind: len({row[:2] if row[0] is None else row[0] for row in rows}) for kind, rows in expected.items()
    } == {kind: found.counts[kind] for kind in KINDS}
    for kind in KINDS[:3]:
        rows = {(one.from_profile_id, one.to_profile_id, one.identifiers) for one in found.largest[kind]}
        assert rows == {
            (id_of(a), id_of(b), size) for a, b, size in expected[kind] if a is not None and b is not None
        }
        sizes = [one.identifiers for one in found.largest[kind]]
        assert sizes == sorted(sizes, reverse=True)
    assert (found.before.profiles, found.after.profiles) == (len(before), len(after))


def test_the_same_is_no_change(warehouse: DuckDb) -> None:
    found = changes(warehouse, [[0, 3], [1]], [[0, 3], [1]])
    assert found.is_empty
    assert found.document()["merges"] == []


def test_a_merge_tells_how_large_and_of_what(warehouse: DuckDb) -> None:
    found = changes(warehouse, [[0, 1], [2, 3, 5]], [[0, 1, 2, 3, 5]], show=1)
    [merge] = found.largest["merge"]
    assert merge.document() == {
        "from": id_of(2),
        "to": id_of(0),
        "identifiers": 3,
        "into_identifiers": 5,
        "by_type": {"anonymous_id": 2, "user_id": 1},
        "examples": [
            {"type": "anonymous_id", "value": "2"},
            {"type": "user_id", "value": "3"},
            {"type": "anonymous_id", "value": "5"},
        ],
    }
    assert found.document()["quarantined"] == {"before": 0, "after": 1}
    assert not found.is_empty


def test_examples_are_kept_back_until_asked_for(warehouse: DuckDb) -> None:
    found = changes(warehouse, [[0], [1]], [[0, 1]])
    assert "examples" not in found.document()["merges"][0]


def test_conflicts_are_compared_link_by_link(warehouse: DuckDb) -> None:
    def refuse(schema: str, rule: str, carrier: str, other: str | None) -> None:
        values = f"'{other}'" if other else "null"
        kind = "'user_id'" if other else "null"
        warehouse.execute(
            f"insert into {schema}.identity_conflicts values"
            f" ('{rule}', 'email', '{carrier}', {kind}, {values})"
        )

    for other in ("1", "2", "3"):
        refuse("segmentloom_plan", "shared_email", "info", other)
    refuse("segmentloom", "shared_email", "sales", "4")
    for schema in ("segmentloom", "segmentloom_plan"):
        refuse(schema, "kiosk", "same", "5")
        refuse(schema, "oversized_profile", "same", None)
    refuse("segmentloom", "oversized_profile", "other", None)
    assert conflict_changes(warehouse) == [
        ConflictChange("shared_email", 3, 1, 1, 1),
        ConflictChange("oversized_profile", 0, 1, 0, 1),
    ]
