"""Events, identifiers, profiles and conflicts as dbt builds them, against the oracles in plain Python."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from tests.oracles.events import Delivery, accepted, refusal
from tests.oracles.identity import Identity, Rules, stitch
from tests.oracles.landed import land
from tests.oracles.messy_events import START, messy_events
from tests.workspace import REPOSITORY, Workspace

LOW_LIMITS = {
    "segmentloom_max_users_per_email": 2,
    "segmentloom_max_users_per_device": 3,
    "segmentloom_max_identifiers_per_profile": 6,
}
BLOCKED_SEED = """identifier_type,identifier_value,reason
email,NoReply@Example.com,a sender
,TEST@example.com,any type
,test,any type
user_id,shared-login,
anonymous_id,Kiosk,"in the shop, and the lobby"
phone,+1 650 555 0199,
"""
LOW_RULES = Rules(
    users_per_email=2,
    users_per_device=3,
    identifiers_per_profile=6,
    blocked=frozenset(
        {
            ("email", "noreply@example.com"),
            ("", "test@example.com"),
            ("", "test"),
            ("user_id", "shared-login"),
            ("anonymous_id", "kiosk"),
            ("phone", "+1 650 555 0199"),
        }
    ),
)
MODELS = (
    "+segmentloom__profiles",
    "+segmentloom__identity_conflicts",
    "+segmentloom__rejected_events",
    "+int_segmentloom__profile_events",
)


@dataclass
class Built:
    """What one build left, as sets and mappings that are easy to compare."""

    deliveries: Sequence[Delivery]
    workspace: Workspace
    rules: Rules = field(default_factory=Rules)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query over the schema `segmentloom`."""
        with duckdb.connect(str(self.workspace.path / "warehouse.duckdb"), read_only=True) as connection:
            connection.execute("use segmentloom")
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return rows

    @property
    def expected(self) -> Identity:
        """What the oracle says."""
        return stitch(accepted(self.deliveries), self.rules)


def build(path: Path, deliveries: Sequence[Delivery], rules: Rules | None = None) -> Built:
    """Land the deliveries and build everything; with low limits, or (None) as shipped."""
    workspace = Workspace.create(path, variables=LOW_LIMITS if rules else {})
    if rules:
        (path / "seeds").unlink()
        shutil.copytree(REPOSITORY / "seeds", path / "seeds")
        (path / "seeds" / "segmentloom_blocked_identifiers.csv").write_text(BLOCKED_SEED)
    land(workspace.path / "warehouse.duckdb", deliveries)
    only = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
    workspace.dbt("build", *only, "--select", *MODELS)
    return Built(deliveries, workspace, rules or Rules())


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Hundreds of messy scenarios under low limits, so that every guard acts often."""
    return build(
        tmp_path_factory.mktemp("messy") / "project", messy_events(7, 600, with_blocked=True), LOW_RULES
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Large shapes, and messy scenarios, under the limits that a user has."""
    deliveries = [
        *_path(10_000),
        *_hub(600),
        *_kiosk(),
        *_shared_emails(),
        *_edge_of_quarantine(),
        *messy_events(8, 200, with_blocked=False),
    ]
    return build(tmp_path_factory.mktemp("large") / "project", deliveries)


@pytest.fixture(params=["messy", "large"])
def built(request: pytest.FixtureRequest) -> Built:
    """Each of the builds."""
    chosen: Built = request.getfixturevalue(request.param)
    return chosen


def test_events_are_first_deliveries_with_their_owner(built: Built) -> None:
    owner_of = built.expected.owner_of
    expected = {
        (
            *event.key,
            event.type,
            event.name,
            event.occurred_at.replace(tzinfo=None),
            event.user_id,
            event.anonymous_id,
            event.previous_id,
            event.email,
            event.occurred_at.date(),
            *(owner_of[event.key] or (None, None)),
        )
        for event in accepted(built.deliveries)
    }
    columns = (
        "source_id, event_id, type, event, occurred_at, user_id, anonymous_id, previous_id, email, event_date"
    )
    assert _set(built.rows(f"select {columns}, owner_type, owner_value from events")) == expected


def test_events_keep_the_json_of_their_first_delivery(built: Built) -> None:
    expected = {
        (*event.key, _canonical(event.properties), _canonical(event.context))
        for event in accepted(built.deliveries)
    }
    found = built.rows("select source_id, event_id, properties, context from events")
    assert {
        (source, event, _normal(properties), _normal(context)) for source, event, properties, context in found
    } == expected


def test_refused_deliveries_stay_queryable(built: Built) -> None:
    expected = sorted(
        (delivery.source_id, delivery.load_id, delivery.line_number, reason)
        for delivery in built.deliveries
        if (reason := refusal(delivery))
    )
    assert (
        sorted(built.rows("select source_id, load_id, line_number, reason from rejected_events")) == expected
    )


def test_identifiers_are_those_of_the_oracle(built: Built) -> None:
    oracle = built.expected
    expected = {
        (*identifier, oracle.profile_of[identifier], _naive(seen.first), _naive(seen.last), seen.events)
        for identifier, seen in oracle.sightings.items()
    }
    columns = "identifier_type, identifier_value, profile_id, first_seen_at, last_seen_at, event_count"
    assert _set(built.rows(f"select {columns} from identifiers")) == expected


def test_profiles_are_those_of_the_oracle(built: Built) -> None:
    expected = {
        (
            profile.profile_id,
            _naive(profile.first_seen_at),
            _naive(profile.last_seen_at),
            profile.event_count,
            len(profile.identifiers),
            profile.user_id,
            profile.email,
            profile.phone,
            profile.consents.get("ad_user_data"),
            profile.consents.get("ad_personalization"),
            profile.is_opted_out,
            profile.is_quarantined,
        )
        for profile in built.expected.profiles.values()
    }
    columns = (
        "profile_id, first_seen_at, last_seen_at, event_count, identifier_count, user_id, email, phone,"
        " ad_user_data_consent, ad_personalization_consent, is_opted_out, is_quarantined"
    )
    assert _set(built.rows(f"select {columns} from profiles")) == expected


def test_traits_are_the_latest_whole_values_in_the_order_of_their_keys(built: Built) -> None:
    expected = {profile.profile_id: profile.traits for profile in built.expected.profiles.values()}
    found = {
        profile_id: json.loads(traits)
        for profile_id, traits in built.rows("select profile_id, traits from profiles")
    }
    assert found == expected
    assert all(list(traits) == sorted(traits) for traits in found.values())


def test_everything_refused_is_in_identity_conflicts(built: Built) -> None:
    expected = {
        (
            conflict.rule,
            *conflict.identifier,
            *(conflict.other or (None, None)),
            conflict.link_count,
            conflict.limit,
            _naive(conflict.first_seen_at),
        )
        for conflict in built.expected.conflicts
    }
    columns = (
        'rule, identifier_type, identifier_value, other_type, other_value, link_count, "limit", first_seen_at'
    )
    assert _set(built.rows(f"select {columns} from identity_conflicts")) == expected
    assert {row[0] for row in expected} == {"shared_email", "kiosk", "later_link", "oversized_profile"}


def test_profile_events_are_the_named_events_that_profiles_own(built: Built) -> None:
    oracle = built.expected
    expected = {
        (oracle.profile_of[owner], *event.key, event.name)
        for event in accepted(built.deliveries)
        if event.name and (owner := oracle.owner_of[event.key])
    }
    found = built.rows("select profile_id, source_id, event_id, event from int_segmentloom__profile_events")
    assert _set(found) == expected


def test_a_long_path_takes_no_more_rounds_than_its_logarithm(large: Built) -> None:
    log = (large.workspace.path / "logs" / "dbt.log").read_text()
    (rounds,) = re.findall(r"int_segmentloom__components: (\d+) rounds", log)
    assert int(rounds) <= 14
    relations = large.rows(
        "select table_name from information_schema.tables where table_name like '%components__%'"
    )
    assert relations == [], "scratch tables are dropped"


def test_neither_order_of_arrival_nor_repetition_changes_anything(messy: Built, tmp_path: Path) -> None:
    shuffled = [*messy.deliveries, *Random(1).sample(list(messy.deliveries), 500)]
    Random(2).shuffle(shuffled)
    again = build(tmp_path / "project", shuffled, LOW_RULES)
    for relation in (
        "events",
        "identifiers",
        "profiles",
        "identity_conflicts",
        "int_segmentloom__profile_events",
    ):
        assert _set(again.rows(f"from {relation}")) == _set(messy.rows(f"from {relation}")), relation


def _set(rows: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    assert len(set(rows)) == len(rows), "no row twice"
    return set(rows)


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _canonical(value: Any) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True)


def _normal(text: str | None) -> str | None:
    return None if text is None else _canonical(json.loads(text))


def _event(number: int, prefix: str, **fields: Any) -> Delivery:
    moment = START + timedelta(seconds=number)
    fields.setdefault("type", "identify")
    return Delivery(
        source_id="web", event_id=f"{prefix}{number}", occurred_at=moment, loaded_at=moment, **fields
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


def _kiosk() -> list[Delivery]:
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
