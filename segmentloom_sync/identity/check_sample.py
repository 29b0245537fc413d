"""Compares the state of some profiles with what the events say of them, recomputed outside of dbt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any, Final

from segmentloom_sync import terminal
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.built import require_built
from segmentloom_sync.identity.decisions import all_decisions
from segmentloom_sync.identity.differences import EXAMPLES, Check, Differences
from segmentloom_sync.identity.recompute import Limits
from segmentloom_sync.identity.sample import BLOCKED, draw, read_events, scratch_tables
from segmentloom_sync.identity.sample_expected import CAUSES, LINKS, PROFILES, REFUSED, Key, Values, expected
from segmentloom_sync.identity.sample_state import Row, found_rows
from segmentloom_sync.identity.state import NEEDED, require_current
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect

DEFAULT_SAMPLE: Final = 1000

_KEYS: Final = {
    CAUSES: ("identifier", "other"),
    LINKS: ("identifier", "other"),
    REFUSED: ("identifier", "other", "rule"),
    PROFILES: ("profile",),
}


def check_sample(project: Project, *, sample: int, seed: int) -> Check:
    """Draw profiles and check them.

    Args:
        sample: how many profiles.
        seed: another number draws others.

    Raises:
        ConfigError: there is no state, or it is not up to date.
        TryAgainLater: another process has the warehouse.
    """
    limits = limits_of(project.variables)
    with closing(connect(project, must_exist=True)) as warehouse:
        require_built(warehouse, (*NEEDED, BLOCKED))
        require_current(warehouse)
        with terminal.progress(f"checking {sample:,} profiles"):
            return check_drawn(warehouse, MacroRenderer(project, warehouse), limits, sample=sample, seed=seed)


def check_drawn(
    warehouse: Warehouse, macros: MacroRenderer, limits: Limits, *, sample: int, seed: int
) -> Check:
    """The same on an open connection, whatever was folded in."""
    with scratch_tables(warehouse) as make:
        drawn = draw(warehouse, macros, make, sample=sample, seed=seed)
        evidence = read_events(warehouse, macros, make, drawn)
        should = expected(drawn, evidence, all_decisions(warehouse), limits)
        found = found_rows(warehouse, drawn)
    [(of_profiles,)] = warehouse.rows(f"select count(*) from {warehouse.relation(PROFILES)}")
    # Of a profile that the map does not know of, only a part may have been drawn.
    should.rows[PROFILES] = {
        key: row for key, row in should.rows[PROFILES].items() if key[0] in drawn.profiles
    }
    found[PROFILES] = [row for row in found[PROFILES] if row[0][0] not in should.undecided]
    tables = [compare(table, should.rows[table], rows) for table, rows in found.items()]
    return Check("sample", len(drawn.profiles), int(of_profiles), tables)


def compare(table: str, should: Mapping[Key, Values], found: Iterable[Row]) -> Differences:
    """Hold rows against those that should be there; of two rows with one key one is too many."""
    names = _KEYS.get(table, ("identifier",))
    left = dict(should)
    counts: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    examples: list[dict[str, Any]] = []
    rows = 0

    def note(what: str, key: Key) -> None:
        counts[what] += 1
        if len(examples) < EXAMPLES:
            examples.append({"is": what, **dict(zip(names, key, strict=True))})

    for key, values in sorted(found, key=lambda row: row[0]):
        rows += 1
        wanted = left.pop(key, None)
        if wanted is None:
            note("extra", key)
            continue
        wrong = [column for column, value in wanted.items() if values[column] != value]
        columns.update(wrong)
        if wrong:
            note("different", key)
    for key in sorted(left):
        note("missing", key)
    return Differences(
        *(table, rows, counts["missing"], counts["extra"], counts["different"]),
        columns=dict(sorted(columns.items())),
        examples=examples,
    )


def limits_of(variables: Mapping[str, Any]) -> Limits:
    """The project's limits.

    Raises:
        ConfigError: one is no whole number.
    """
    known = Limits()
    values = {}
    for name in ("users_per_email", "users_per_device", "identifiers_per_profile"):
        variable = f"segmentloom_max_{name}"
        value = variables.get(variable, getattr(known, name))
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ConfigError(f"var {variable} is {value!r}", hint="it takes a whole number, 0 or more")
        values[name] = value
    return Limits(**values)
