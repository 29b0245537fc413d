"""Events, identifiers, profiles and conflicts as dbt builds them, against the oracles in plain Python."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from tests.oracles.build import LOW_LIMITS, LOW_RULES, Built, build, warehouse_of
from tests.oracles.identity import Rules
from tests.oracles.messy_events import messy_events
from tests.oracles.mutants import MUTANTS
from tests.oracles.relations import COLUMNS, expected_relations
from tests.oracles.shapes import address_of, device_of, hub, path
from tests.workspace import Workspace


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Hundreds of messy scenarios under low limits, so that every guard acts often."""
    workspace = Workspace.create(tmp_path_factory.mktemp("messy") / "project", variables=LOW_LIMITS)
    return build(workspace, messy_events(7, 600, with_blocked=True))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Large shapes, and messy scenarios, under the limits that a user has."""
    shapes = [
        *path(10_000),
        *hub(600),
        *hub(499, "edge"),  # with its user_id no more than is allowed
        *device_of(10, "family"),
        *device_of(11, "kiosk-in-store"),
        *address_of(5, "couple"),
        *address_of(6, "info"),
    ]
    workspace = Workspace.create(tmp_path_factory.mktemp("large") / "project")
    return build(workspace, [*shapes, *messy_events(8, 200, with_blocked=False)], Rules())


@pytest.mark.parametrize("relation", COLUMNS)
@pytest.mark.parametrize("events", ["messy", "large"])
def test_every_relation_is_as_the_oracle_says(
    events: str, relation: str, request: pytest.FixtureRequest
) -> None:
    built: Built = request.getfixturevalue(events)
    assert built.found[relation] == built.expected[relation]


def test_the_events_put_every_rule_to_work(messy: Built) -> None:
    rules = {row[0] for row in messy.expected["identity_conflicts"]}
    assert rules == {"shared_email", "kiosk", "later_link", "oversized_profile"}
    assert {row[3] for row in messy.expected["rejected_events"]} == {"no identifier"}
    profiles = messy.expected["profiles"]
    for column in range(7, 12):
        assert len({row[column] for row in profiles}) > 1


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_events_tell_wrong_rules_from_right_ones(
    mutant: str, messy: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = MUTANTS[mutant](monkeypatch, LOW_RULES)
    assert expected_relations(messy.deliveries, rules) != messy.found


def test_traits_are_written_in_the_order_of_their_keys(messy: Built) -> None:
    with warehouse_of(messy.workspace) as warehouse:
        texts = [row[0] for row in warehouse.rows("select json_keys(traits) from segmentloom.profiles")]
    assert all(keys == sorted(keys) for keys in texts)


def test_a_long_path_takes_no_more_rounds_than_its_logarithm(large: Built) -> None:
    log = (large.workspace.path / "logs" / "dbt.log").read_text()
    (rounds,) = re.findall(r"int_segmentloom__identity_map: (\d+) rounds", log)
    assert int(rounds) <= 14


def test_neither_order_of_arrival_nor_repetition_changes_anything(messy: Built, tmp_path: Path) -> None:
    shuffled = [*messy.deliveries, *Random(1).sample(list(messy.deliveries), 500)]
    Random(2).shuffle(shuffled)
    workspace = Workspace.create(tmp_path / "project", variables=LOW_LIMITS)
    again = build(workspace, shuffled)
    for relation in COLUMNS.keys() - {"rejected_events"}:
        assert again.found[relation] == messy.found[relation], relation
