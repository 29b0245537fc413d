"""Limits, block lists and identifiers that nobody should send: a clear error, or a defined effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.build import warehouse_of
from tests.oracles.chronicle import Chronicle, Step
from tests.oracles.events import Delivery
from tests.oracles.identity import Rules
from tests.oracles.landed import land
from tests.oracles.messy_events import START
from tests.oracles.relations import COLUMNS
from tests.workspace import REPOSITORY, Workspace

LIMITS = ("max_users_per_email", "max_users_per_device", "max_identifiers_per_profile")
LONG = "u" * 1_000_000


def event(event_id: str, **identifiers: str) -> Delivery:
    return Delivery(
        source_id="web",
        event_id=event_id,
        type="identify",
        occurred_at=START,
        loaded_at=START,
        load_id="only",
        **identifiers,  # type: ignore[arg-type]  # identifiers are texts
    )


@pytest.fixture(scope="module")
def step(tmp_path_factory: pytest.TempPathFactory) -> Step:
    """Limits of zero, and an identifier of a million characters."""
    variables = {f"segmentloom_{name}": 0 for name in LIMITS}
    workspace = Workspace.create(tmp_path_factory.mktemp("zero") / "project", variables=variables)
    told = Chronicle(workspace, Rules(0, 0, 0))
    events = [
        event("1", user_id="u1", email="a@example.com", anonymous_id="d1"),
        event("2", user_id=LONG, anonymous_id="d2"),
        event("3", email="b@example.com", anonymous_id="d3"),
    ]
    return told.build("all", events)


@pytest.mark.parametrize("relation", COLUMNS)
def test_every_relation_is_as_the_oracle_says(relation: str, step: Step) -> None:
    assert len(step.found[relation] ^ step.expected[relation]) == 0


def test_a_limit_of_zero_stitches_no_user_and_quarantines_everybody(step: Step) -> None:
    profiles = step.found["profiles"]
    assert all(row[11] for row in profiles)
    # An e-mail without any user has no more than zero of them: its device stays with it.
    assert sorted(row[4] for row in profiles) == [1, 1, 1, 1, 1, 2]


def test_an_identifier_of_a_million_characters_is_one_like_any_other(step: Step) -> None:
    [profile] = [row for row in step.found["identifiers"] if row[1] == LONG]
    assert len(profile[2]) == 32


@pytest.mark.parametrize("limit", [-1, pytest.param("five", marks=pytest.mark.slow)])
def test_a_limit_that_is_no_number_stops_the_build(limit: object, tmp_path: Path) -> None:
    variables = {"segmentloom_max_users_per_email": limit}
    workspace = Workspace.create(tmp_path / "project", variables=variables)
    workspace.dbt("seed")
    done = workspace.dbt("run", "--select", "+int_segmentloom__identity_map", check=False)
    assert done.returncode == 1
    message = f"var segmentloom_max_users_per_email is {limit}; it takes a whole number, 0 or more"
    assert message in done.stdout


def test_a_block_list_with_a_type_that_does_not_exist_stops_the_build(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    (workspace.path / "seeds").unlink()
    (workspace.path / "seeds").mkdir()
    for name in ("_seeds.yml", "segmentloom_blocked_identifiers.csv"):
        (workspace.path / "seeds" / name).write_text((REPOSITORY / "seeds" / name).read_text())
    with (workspace.path / "seeds" / "segmentloom_blocked_identifiers.csv").open("a") as seed:
        seed.write("emial,info@example.com,typing error\n")
    with warehouse_of(workspace) as warehouse:
        land(warehouse, [event("1", user_id="u1")])
    done = workspace.dbt("build", "--select", "+segmentloom__events", check=False)
    assert done.returncode == 1
    assert "accepted_values_segmentloom_blocked_identifiers_identifier_type" in done.stdout
    with warehouse_of(workspace) as warehouse:
        assert not warehouse.exists("events")
