"""Macros are rendered as dbt renders them, from wherever the project has the package."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

import pytest
import pytz
from dbt.adapters.bigquery.column import BigQueryColumn
from dbt.adapters.duckdb.column import DuckDBColumn
from dbt.adapters.snowflake.column import SnowflakeColumn

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.macros import MacroRenderer, macro_folder
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Engine, Warehouse
from segmentloom_sync.warehouse.dbt_types import DBT_TYPES, UTC_TIME
from tests.workspace import REPOSITORY

COLUMNS: dict[Engine, Any] = {
    "duckdb": DuckDBColumn,
    "bigquery": BigQueryColumn,
    "snowflake": SnowflakeColumn,
}


class Stand:
    """A project and a warehouse, as far as rendering needs them."""

    name = "segmentloom"
    target = "test"
    schema = "segmentloom"
    directory = REPOSITORY

    def __init__(self, engine: Engine, **variables: Any) -> None:
        self.engine = engine
        self.variables = variables

    def relation(self, name: str, area: str = "") -> str:
        """The bare name."""
        return name


def macros(engine: Engine = "duckdb", **variables: Any) -> MacroRenderer:
    """A renderer without a connection."""
    stand = Stand(engine, **variables)
    return MacroRenderer(cast(Project, stand), cast(Warehouse, stand))


@pytest.mark.parametrize("engine", COLUMNS)
def test_types_are_those_of_the_dbt_adapters(engine: Engine) -> None:
    adapter = COLUMNS[engine]
    assert DBT_TYPES[engine] == {name: adapter.translate_type(name) for name in DBT_TYPES[engine]}


@pytest.mark.parametrize("engine", COLUMNS)
def test_the_type_of_times_does_not_depend_on_the_account(engine: Engine) -> None:
    assert macros(engine).render("type_timestamp") == UTC_TIME[engine]


@pytest.mark.parametrize(
    ("engine", "constant"),
    [
        ("bigquery", "cast('2026-07-01 12:30:00+00' as timestamp)"),
        ("snowflake", "cast('2026-07-01 12:30:00' as timestamp_ntz)"),
    ],
)
def test_a_constant_time_is_utc_whatever_the_session_says(engine: Engine, constant: str) -> None:
    assert macros(engine).render("timestamp_literal", "2026-07-01T12:30:00Z") == constant


@pytest.mark.parametrize("engine", ["bigquery", "snowflake"])
def test_text_is_read_as_a_time_only_when_it_looks_like_iso(engine: Engine) -> None:
    sql = macros(engine).render("utc_timestamp", "happened")
    assert "[0-9]{4}-[0-9]{2}-[0-9]{2}" in sql
    assert "cast(trim(" not in sql


@pytest.mark.parametrize(
    ("given", "sql"),
    [
        ("2026-07-01", "2026-07-01 00:00:00"),
        ("2026-07-01T12:30", "2026-07-01 12:30:00"),
        ("2026-07-01T12:30:15Z", "2026-07-01 12:30:15"),
        ("2026-07-01 12:30:15.000001+00:00", "2026-07-01 12:30:15.000001"),
    ],
)
def test_the_var_as_of_is_a_constant_in_utc(given: str, sql: str) -> None:
    assert macros(segmentloom_as_of=given).render("as_of") == f"cast('{sql}' as timestamp)"


@pytest.mark.parametrize("given", ["yesterday", "2026-07-01T12:00:00+02:00", "01.07.2026", "2026-07-01'; --"])
def test_an_as_of_that_could_be_misread_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="is no ISO 8601 time in UTC"):
        macros(segmentloom_as_of=given).render("as_of")


def test_without_the_var_it_is_the_start_of_the_run() -> None:
    renderer = macros()
    assert renderer.render("as_of") == renderer.render("as_of")


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"evnt": "x"}, "a condition has one of the keys"),
        ({"all": []}, "a group of conditions is empty"),
        ({"trait": ["a"]}, "exactly one operator"),
        ({"trait": ["a"], "is": "x", "gt": 1}, "exactly one operator"),
        ({"trait": ["a"], "like": "x"}, "unknown operator like"),
        ({"trait": ["a"], "in": []}, "a list of values is empty"),
        ({"trait": ["a"], "gt": "5"}, "needs a number"),
        ({"trait": ['a"b'], "is": "x"}, "a path is a list of keys"),
        ({"audience": "x; drop"}, "an audience name"),
        ({"event": "x", "count": {"operator": "or 1 =", "number": 1}}, "a count compares with"),
        ({"event": "x", "within_hours": "1; --"}, "a window is a whole number"),
        ({"event": "x", "within_calendar_days": 2, "time_zone": "x'; --"}, "is no time zone"),
        ({"event": "x", "occurrence": "second"}, "an occurrence is first or last"),
        ({"event": "x", "aggregate": {"function": "median", "property": ["a"], "gt": 1}}, "an aggregate is"),
        ({"event": "x", "aggregate": {"function": "sum", "property": ["a"], "in": [1]}}, "an aggregate has"),
        ({"event": "x", "aggregate": {"function": "sum", "property": ["a"], "gt": "1"}}, "needs a number"),
        ({"sequence": [{"event": "x"}]}, "a sequence has two to five steps"),
    ],
)
def test_a_definition_written_by_hand_is_checked_too(definition: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        macros(segmentloom_as_of="2026-07-01").render("audience_members", {"match": definition})


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"event": "x"}, "has the keys match, exclude, holdout, outranked_by; found event"),
        ({"exclude": {"event": "x"}}, "needs the key match"),
        ({"match": {"event": "x"}, "outranked_by": ["x"]}, "outranked_by lists definitions"),
        (
            {"match": {"event": "x"}, "holdout": {"group": "a", "basis_points": "9"}},
            "a whole number of basis",
        ),
    ],
)
def test_the_parts_of_a_definition_are_checked_too(definition: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        macros(segmentloom_as_of="2026-07-01").render("audience_members", definition)


def test_the_default_time_zone_is_a_variable() -> None:
    leaf = {"event": "x", "within_calendar_days": 1}
    in_berlin = macros(segmentloom_time_zone="Europe/Berlin")
    assert macros().render("window_start", leaf, "2026-07-01T12:30:00Z") == (
        "cast('2026-06-30 23:59:59.999999' as timestamp)"
    )
    assert in_berlin.render("window_start", leaf, "2026-07-01T12:30:00Z") == (
        "cast('2026-06-30 21:59:59.999999' as timestamp)"
    )
    with pytest.raises(ConfigError, match="Europe/Berln is no time zone"):
        macros(segmentloom_time_zone="Europe/Berln").render("window_start", leaf, "2026-07-01")


@pytest.mark.parametrize(
    ("zone", "at", "days", "midnight"),
    [
        ("Europe/Berlin", "2026-03-30T22:30:00Z", 3, "2026-03-28T23:00:00"),
        ("Europe/Berlin", "2026-10-26T22:30:00Z", 3, "2026-10-23T22:00:00"),
        # Clocks jump from 23:59:59 to 01:00: the day begins with the jump.
        ("Africa/Cairo", "2026-04-24T12:00:00Z", 1, "2026-04-23T22:00:00"),
        # Clocks pass midnight twice: it begins with the first.
        ("America/Havana", "2026-11-01T12:00:00Z", 1, "2026-11-01T04:00:00"),
        ("Asia/Kathmandu", "2026-07-01T18:14:59.999999Z", 1, "2026-06-30T18:15:00"),
        ("Asia/Kathmandu", "2026-07-01T18:15:00Z", 1, "2026-07-01T18:15:00"),
        # A day that an island skipped.
        ("Pacific/Apia", "2011-12-31T12:00:00Z", 3, "2011-12-30T10:00:00"),
    ],
)
def test_calendar_days_begin_with_their_midnight(zone: str, at: str, days: int, midnight: str) -> None:
    leaf = {"event": "x", "within_calendar_days": days, "time_zone": zone}
    start = datetime.fromisoformat(midnight) - timedelta(microseconds=1)
    assert macros().render("window_start", leaf, at) == f"cast('{start}' as timestamp)"


def test_calendar_days_begin_as_other_clocks_say() -> None:
    renderer = macros()
    for zone in sorted({*pytz.common_timezones} & available_timezones()):
        for month in (3, 4, 10, 11):
            noon = datetime(2025, month, 15, 12, tzinfo=ZoneInfo(zone))
            first = (noon - timedelta(days=13)).replace(hour=0)
            leaf = {"event": "x", "within_calendar_days": 14, "time_zone": zone}
            start = first.astimezone(UTC).replace(tzinfo=None) - timedelta(microseconds=1)
            found = renderer.render("window_start", leaf, noon.astimezone(UTC).isoformat())
            assert found == f"cast('{start}' as timestamp)", (zone, month)


def test_an_unknown_macro_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="has no macro 'nope'"):
        macros().render("nope")


def test_the_package_is_the_project_or_is_installed_or_is_a_local_package(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "macros").mkdir(parents=True)
    (own / "dbt_project.yml").write_text("name: segmentloom\n")
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "dbt_project.yml").write_text("name: shop\n")
    with pytest.raises(ConfigError, match="does not have the segmentloom package"):
        macro_folder(shop)

    (shop / "packages.yml").write_text("packages:\n  - package: dbt-labs/dbt_utils\n  - local: ../own\n")
    assert macro_folder(own) == own / "macros"
    assert macro_folder(shop).resolve() == own / "macros"

    installed = shop / "dbt_packages" / "segmentloom"
    installed.mkdir(parents=True)
    (installed / "dbt_project.yml").write_text("name: segmentloom\n")
    assert macro_folder(shop) == installed / "macros"


def test_a_project_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_bytes(b"name: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"dbt_project\.yml: not valid YAML"):
        macro_folder(tmp_path)
    (tmp_path / "x").write_text("")
    with pytest.raises(ConfigError, match=r"cannot read x+.*: file name too long"):
        macro_folder(Path("x" * 300))
