"""Events, identifiers, profiles and conflicts as dbt builds them, against the oracles in plain Python."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.oracles.build import LOW_LIMITS, LOW_RULES, Built, build
from tests.oracles.events import Delivery
from tests.oracles.identity import Rules
from tests.oracles.messy_events import START, messy_events
from tests.oracles.mutants import MUTANTS
from tests.oracles.relations import COLUMNS, expected_relations
from tests.workspace import Workspace


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Hundreds of messy scenarios under low limits, so that every guard acts often."""
    workspace = Workspace.create(tmp_path_factory.mktemp("messy") / "project", variables=LOW_LIMITS)
    return build(workspace, messy_events(7, 600, with_blocked=True))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Large shapes, and messy scenarios, under the limits that a user has."""
    shapes = [*_path(10_000), *_hub(600), *_kiosks(), *_shared_emails(), *_edge_of_quarantine()]
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
    with closing(connect(Project.find(messy.workspace.path, messy.workspace.path))) as warehouse:
        texts = [row[0] for row in warehouse.rows("select json_keys(traits) from segmentloom.profiles")]
    assert all(keys == sorted(keys) for keys in texts)


def test_a_long_path_takes_no_more_rounds_than_its_logarithm(large: Built) -> None:
    log = (large.workspace.path / "logs" / "dbt.log").read_text()
    (rounds,) = re.findall(r"int_segmentloom__components: (\d+) rounds", log)
    assert int(rounds) <= 14


def test_neither_order_of_arrival_nor_repetition_changes_anything(messy: Built, tmp_path: Path) -> None:
    shuffled = [*messy.deliveries, *Random(1).sample(list(messy.deliveries), 500)]
    Random(2).shuffle(shuffled)
    workspace = Workspace.create(tmp_path / "project", variables=LOW_LIMITS)
    again = build(workspace, shuffled)
    for relation in COLUMNS.keys() - {"rejected_events"}:
        assert again.found[relation] == messy.found[relation], relation


def _event(number: int, prefix: str, **fields: Any) -> Delivery:
    moment = START + timedelta(seconds=number)
    fields.setdefault("type", "identify")
    return Delivery(
        source_id="web", event_id=f"{prefix}{number}", occurred_at=moment, loaded_at=START, **fields
    )


def _path(length: int) -> list[Delivery]:
    """A chain of aliases in random order of time, the worst case for label propagation."""
    order = list(range(length))
    Random(3).shuffle(order)
    return [
        _event(moment, "path", type="alias", previous_id=f"path{node}", user_id=f"path{node + 1}")
        for moment, node in enumerate(order)
    ]


def _hub(devices: int) -> list[Delivery]:
    """One person with so many devices that the profile is quarantined."""
    return [_event(n, "hub", user_id="hub", anonymous_id=f"hub-device-{n}") for n in range(devices)]


def _kiosks() -> list[Delivery]:
    """A device of 11 persons stitches none, one of 10 stitches its first."""
    return [
        _event(n, f"device{users}.", user_id=f"visitor{users}.{n}", anonymous_id=f"device-of-{users}")
        for users in (10, 11)
        for n in range(users)
    ]


def _shared_emails() -> list[Delivery]:
    """An address of 6 persons stitches none, one of 5 stitches them all."""
    return [
        _event(n, f"mail{users}.", user_id=f"clerk{users}.{n}", email=f"office{users}@example.com")
        for users in (5, 6)
        for n in range(users)
    ]


def _edge_of_quarantine() -> list[Delivery]:
    """A profile of exactly 500 identifiers is no more than is allowed."""
    return [_event(n, "edge", user_id="edge", anonymous_id=f"edge-device-{n}") for n in range(499)]
