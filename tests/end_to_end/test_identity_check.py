"""`identity check` after increments in random loads: clean as built; any row that is made wrong is found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import duckdb
import pytest

from segmentloom_sync.identity.check_full import compare
from segmentloom_sync.identity.check_sample import check_drawn
from segmentloom_sync.identity.recompute import Limits
from segmentloom_sync.identity.state import STATE_TABLES, StateTable
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.shadow.build import ShadowRules, shadow
from segmentloom_sync.warehouse.duckdb import DuckDb
from segmentloom_sync.warehouse.duckdb_open import SCRATCH
from tests.oracles.build import LOW_LIMITS, LOW_RULES, block_seed, warehouse_of
from tests.oracles.chronicle import decide
from tests.oracles.events import accepted
from tests.oracles.histories import decisions, in_builds
from tests.oracles.identity import stitch
from tests.oracles.landed import land
from tests.oracles.messy_events import messy_events
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

LIMITS = Limits(users_per_email=2, users_per_device=3, identifiers_per_profile=6)
EVERYBODY = 1_000_000
ONLY = ("--exclude-resource-type", "test", "unit_test")
MODELS = (
    "+segmentloom__hashed_identifiers",
    "+segmentloom__identity_conflicts",
    "+int_segmentloom__profile_events",
    "+int_segmentloom__conditions",
)
OTHER_VALUE = {
    "VARCHAR": "coalesce({column}, '') || 'x'",
    "BIGINT": "coalesce({column}, 0) + 1",
    "INTEGER": "coalesce({column}, 0) + 1",
    "TIMESTAMP": "coalesce({column}, timestamp '2020-01-01') + interval 1 second",
    "DATE": "{column} + 1",
    "BOOLEAN": "not {column}",
    "JSON": """case when cast({column} as varchar) = '{{"x":1}}' then '{{}}' else '{{"x":1}}' end""",
}
TABLES = {table.name: table for table in STATE_TABLES}
SAMPLED = {
    "int_segmentloom__sightings": TABLES["int_segmentloom__sightings"].columns[2:],
    "int_segmentloom__event_links": ("first_seen_at", "source_id", "event_id"),
    "int_segmentloom__refused_links": ("rule", "link_count", "link_limit", "first_seen_at"),
    "int_segmentloom__identity_map": TABLES["int_segmentloom__identity_map"].columns[2:],
    "profiles": (
        *("first_seen_at", "last_seen_at", "event_count", "identifier_count", "user_id", "email"),
        *("is_opted_out", "is_quarantined"),
    ),
}
"""What a sample holds against the events, without traits, phones, consents and hashes."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two hundred worlds, in three builds, with decisions on links in between."""
    workspace = Workspace.create(tmp_path_factory.mktemp("check") / "project", variables=LOW_LIMITS)
    block_seed(workspace)
    random = Random(31)
    events = messy_events(31, 200, with_blocked=True)
    identity = stitch(accepted(events), LOW_RULES)
    links = sorted(identity.links, key=sorted)
    for number, part in enumerate(in_builds(events, 3, random)):
        with warehouse_of(workspace) as warehouse:
            land(warehouse, part)
            if number:
                decide(warehouse, decisions(identity, [], links, 40, random))
        workspace.dbt("build", *ONLY, "--select", *MODELS)
    return workspace


@pytest.fixture(scope="module")
def compared(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the warehouse with the second build still beside the first."""
    copy = tmp_path_factory.mktemp("compared") / "warehouse.duckdb"
    with shadow(Project.find(workspace.path, workspace.path), ShadowRules()) as warehouse:
        warehouse.execute("checkpoint")
        shutil.copy(workspace.path / "warehouse.duckdb", copy)
    return copy


@contextmanager
def opened(path: Path) -> Iterator[DuckDb]:
    connection = duckdb.connect(str(path))
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"attach ':memory:' as {SCRATCH}")
    with closing(DuckDb(connection, "segmentloom", lambda: None)) as warehouse:
        yield warehouse


@contextmanager
def spoilt(path: Path, folder: Path, statement: str) -> Iterator[DuckDb]:
    """A copy with something wrong in it. Views name the database, so the file's name stays."""
    copy = folder / path.name
    shutil.copy(path, copy)
    with opened(copy) as warehouse:
        warehouse.execute(statement)
        yield warehouse
    copy.unlink()


def corruptions(table: str, columns: tuple[str, ...], types: dict[str, str]) -> Iterator[str]:
    """Statements that make a row wrong: gone, twice, another value in a column; the last leaves none."""
    first = f"rowid = (select min(rowid) from segmentloom.{table})"
    yield f"delete from segmentloom.{table} where {first}"
    yield f"insert into segmentloom.{table} select * from segmentloom.{table} where {first}"
    for column in columns:
        value = OTHER_VALUE[types[column]].format(column=column)
        yield f"update segmentloom.{table} set {column} = {value} where {first}"
    yield f"delete from segmentloom.{table}"


def types_of(warehouse: DuckDb, table: str) -> dict[str, str]:
    return dict(
        warehouse.rows(
            "select column_name, data_type from information_schema.columns"
            " where table_schema = 'segmentloom' and table_name = :table",
            table=table,
        )
    )


def test_the_state_is_clean_after_increments(workspace: Workspace) -> None:
    full = workspace.json("identity", "check", "--full")
    assert (full["differences"], full["repair"]) == (0, None)
    assert {entry["table"] for entry in full["tables"]} == set(TABLES)
    assert all(entry["rows"] > 10 for entry in full["tables"])
    sampled = workspace.json("identity", "check", "--sample", "50", "--seed-number", "7")
    assert (sampled["differences"], sampled["profiles"], sampled["of_profiles"]) == (
        0,
        50,
        full["of_profiles"],
    )


def test_a_second_build_leaves_nothing_behind(workspace: Workspace, compared: Path) -> None:
    with warehouse_of(workspace) as warehouse:
        schemas = warehouse.rows("select distinct table_schema from information_schema.tables")
    assert {schema for (schema,) in schemas} == {"segmentloom", "segmentloom_raw"}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sample", [1, 30, EVERYBODY])
def test_any_sample_of_right_state_is_clean(
    workspace: Workspace, compared: Path, seed: int, sample: int
) -> None:
    project = Project.find(workspace.path, workspace.path)
    with opened(compared) as warehouse:
        done = check_drawn(warehouse, MacroRenderer(project, warehouse), LIMITS, sample=sample, seed=seed)
    assert [table for table in done.tables if table.total] == []
    assert all(table.rows for table in done.tables) or sample == 1


@pytest.mark.parametrize("table", STATE_TABLES, ids=lambda table: table.name)
def test_a_full_check_finds_any_wrong_row(workspace: Workspace, compared: Path, table: StateTable) -> None:
    project = Project.find(workspace.path, workspace.path)
    with opened(compared) as warehouse:
        macros = MacroRenderer(project, warehouse)
        assert compare(warehouse, macros, table).total == 0
        columns = (*table.key, *table.columns, *table.json)
        for statement in corruptions(table.name, columns, types_of(warehouse, table.name)):
            warehouse.execute("begin")
            warehouse.execute(statement)
            found = compare(warehouse, macros, table)
            warehouse.execute("rollback")
            assert found.total > 0, statement
            assert found.examples, statement


@pytest.mark.parametrize("table", SAMPLED)
def test_a_sample_of_all_finds_any_wrong_row(
    workspace: Workspace, compared: Path, table: str, tmp_path: Path
) -> None:
    project = Project.find(workspace.path, workspace.path)
    with opened(compared) as warehouse:
        types = types_of(warehouse, table)
    for statement in corruptions(table, SAMPLED[table], types):
        with spoilt(compared, tmp_path, statement) as warehouse:
            macros = MacroRenderer(project, warehouse)
            done = check_drawn(warehouse, macros, LIMITS, sample=EVERYBODY, seed=1)
        assert done.total > 0, statement


def test_a_lost_event_is_found_by_what_is_left_of_it(
    workspace: Workspace, compared: Path, tmp_path: Path
) -> None:
    lost = (
        "delete from segmentloom.events where rowid = ("
        "select min(rowid) from segmentloom.events where owner_type = 'email')"
    )
    with spoilt(compared, tmp_path, lost) as warehouse:
        macros = MacroRenderer(Project.find(workspace.path, workspace.path), warehouse)
        done = check_drawn(warehouse, macros, LIMITS, sample=EVERYBODY, seed=1)
    assert {table.table for table in done.tables if table.total} >= {"int_segmentloom__sightings", "profiles"}


def test_a_difference_is_exit_1_names_no_one_and_a_rebuild_repairs_it(workspace: Workspace) -> None:
    with warehouse_of(workspace) as warehouse:
        [(value,)] = warehouse.rows(
            "select identifier_value from segmentloom.int_segmentloom__sightings"
            " order by event_count desc, identifier_value limit 1"
        )
        warehouse.execute(
            "update segmentloom.int_segmentloom__sightings set event_count = event_count + 1"
            " where identifier_value = :value",
            value=value,
        )
    for mode in (("--sample", "100000"), ("--full",)):
        done = workspace.cli("identity", "check", *mode, check=False)
        assert done.returncode == 1
        assert "int_segmentloom__sightings: different: identifier" in done.stdout
        assert "dbt build --full-refresh -s segmentloom__events+" in done.stdout
        assert value not in done.stdout + done.stderr
    workspace.dbt("build", "--full-refresh", *ONLY, "-s", "segmentloom__events+")
    assert workspace.json("identity", "check", "--sample", "100000")["differences"] == 0


def test_state_that_is_behind_is_not_called_wrong(workspace: Workspace) -> None:
    project = workspace.path / "dbt_project.yml"
    before = project.read_text()
    project.write_text(before.replace("max_users_per_device: 3", "max_users_per_device: 4"))
    done = workspace.cli("identity", "check", "--full", check=False)
    project.write_text(before)
    assert done.returncode == 2
    assert "the project's rules have changed since the last build of int_segmentloom__identity_map" in (
        done.stderr
    )
    with warehouse_of(workspace) as warehouse:
        land(warehouse, messy_events(32, 1, with_blocked=True))
    workspace.dbt("run", "--select", "segmentloom__events")
    for mode in ((), ("--full",)):
        done = workspace.cli("identity", "check", *mode, check=False)
        assert done.returncode == 2
        assert "not built up to the latest events: int_segmentloom__sightings" in done.stderr
        assert "Traceback" not in done.stderr


def test_json_has_the_keys_of_the_documentation(workspace: Workspace) -> None:
    workspace.dbt("build", *ONLY, "--select", *MODELS)
    document = json.loads(workspace.cli("identity", "check", "--json").stdout)
    assert set(document) == {"mode", "profiles", "of_profiles", "differences", "tables", "repair"}
    assert set(document["tables"][0]) == {
        *("table", "rows", "missing", "extra", "different", "columns", "examples")
    }


def test_full_and_sample_do_not_go_together(workspace: Workspace) -> None:
    done = workspace.cli("identity", "check", "--full", "--sample", "3", check=False)
    assert done.returncode == 2
    assert "--full and --sample do not go together" in done.stderr
