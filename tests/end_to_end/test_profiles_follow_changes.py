"""Profiles and their hashes are derived again when something touches them, and only then.

A row that nobody touches is marked by hand: what is derived again loses the mark. There are few runs of dbt,
since each start takes seconds; the tests look at what was there after each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.oracles.build import warehouse_of
from tests.oracles.events import Delivery
from tests.oracles.landed import land
from tests.workspace import Workspace

START = datetime(2026, 3, 1, tzinfo=UTC)
SELECTION = "+segmentloom__hashed_identifiers"
FOLLOWERS = ("int_segmentloom__owner_attributes", "segmentloom__profiles", "segmentloom__hashed_identifiers")
MARK = "marked by hand"


@dataclass(frozen=True)
class State:
    """Profiles by their user_id, else their trait `device`; how often each is hashed; what dbt said."""

    profiles: Mapping[str, Mapping[str, Any]]
    hashes: Mapping[str, int]
    said: Mapping[str, str]


@dataclass(frozen=True)
class Project:
    """A workspace whose builds are looked at."""

    workspace: Workspace

    @property
    def file(self) -> str:
        return str(self.workspace.path / "warehouse.duckdb")

    def build(self, *deliveries: Delivery, run: tuple[str, ...] = ()) -> State:
        """Land deliveries and build what follows from them."""
        if deliveries:
            with warehouse_of(self.workspace) as warehouse:
                land(warehouse, deliveries)
        self.workspace.dbt("run", "--select", SELECTION, *run)
        return self.look()

    def look(self) -> State:
        with duckdb.connect(self.file, read_only=True) as connection:
            rows = connection.sql(
                "select coalesce(user_id, traits ->> 'device', profile_id), profile_id, event_count, phone,"
                " traits, is_quarantined from segmentloom.profiles"
            ).fetchall()
            hashes = connection.sql(
                "select profile_id, count(*) from segmentloom.hashed_identifiers group by 1"
            ).fetchall()
        results = json.loads((self.workspace.path / "target" / "run_results.json").read_text())["results"]
        columns = ("profile_id", "event_count", "phone", "traits", "is_quarantined")
        profiles = {name: dict(zip(columns, values, strict=True)) for name, *values in rows}
        for profile in profiles.values():
            profile["traits"] = json.loads(profile["traits"])
        name_of = {profile["profile_id"]: name for name, profile in profiles.items()}
        return State(
            profiles,
            {name_of[profile_id]: count for profile_id, count in hashes},
            {one["unique_id"].rpartition(".")[2]: one["message"] for one in results},
        )

    def change(self, file: str) -> None:
        """Give a model another text, as an upgrade does."""
        link = self.workspace.path / file
        text = link.read_text()
        link.unlink()
        link.write_text(text + "\n-- of another release\n")

    def execute(self, sql: str) -> None:
        with duckdb.connect(self.file) as connection:
            connection.execute(sql)


@dataclass(frozen=True)
class Story:
    """The states after each build."""

    first: State
    merged: State
    split: State
    idle: State
    other_limit: State
    other_rules: State


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Ann, her device that is not yet known as hers, and Bob, who does nothing after the first build."""
    project = Project(Workspace.create(tmp_path_factory.mktemp("profiles") / "project"))
    project.workspace.dbt("seed")
    first = project.build(
        _event(1, type="identify", user_id="ann", traits={"plan": "free", "phone": "+1 650 555 0100"}),
        _event(2, type="track", event="Seen", anonymous_id="d1", context={"traits": {"device": "d1"}}),
        _event(3, type="identify", user_id="bob", email="bob@example.com", traits={"phone": "0"}),
    )
    project.execute(
        f"update segmentloom.profiles set phone = '{MARK}' where user_id = 'bob';"
        f"insert into segmentloom.hashed_identifiers select 'meta', profile_id, 'phone', '{MARK}'"
        " from segmentloom.profiles where user_id = 'bob'"
    )
    link = _event(4, type="identify", user_id="ann", anonymous_id="d1", traits={"plan": None, "seats": 2})
    merged = project.build(link)
    # Another delivery of the same event, loaded earlier: so Ann never was on the device.
    split = project.build(_event(4, hours_earlier=1, type="identify", user_id="ann", traits={"plan": "gold"}))
    idle = project.build()
    other_limit = project.build(run=("--vars", "segmentloom_max_identifiers_per_profile: 1"))
    project.execute(f"update segmentloom.profiles set phone = '{MARK}'")
    project.change("models/identity/int_segmentloom__owner_attributes.sql")
    other_rules = project.build(run=("--vars", "segmentloom_max_identifiers_per_profile: 1"))
    return Story(first, merged, split, idle, other_limit, other_rules)


def test_a_profile_without_a_phone_that_can_be_sent_has_no_hash_of_it(story: Story) -> None:
    assert story.first.hashes == {"ann": 4, "bob": 5}


def test_a_merge_gives_the_profile_what_both_owners_said(story: Story) -> None:
    ann = story.merged.profiles["ann"]
    assert ann["traits"] == {"device": "d1", "phone": "+1 650 555 0100", "seats": 2}
    assert ann["event_count"] == 3
    assert "d1" not in story.merged.profiles


def test_an_event_that_no_longer_counts_takes_back_what_it_said(story: Story) -> None:
    assert story.split.profiles["ann"]["traits"] == {"plan": "gold", "phone": "+1 650 555 0100"}
    assert story.split.profiles["ann"]["event_count"] == 2
    assert story.split.profiles["d1"] == story.first.profiles["d1"]


def test_hashes_follow(story: Story) -> None:
    assert story.merged.hashes == {"ann": 4, "bob": 6}
    assert story.split.hashes == {"ann": 4, "bob": 6}


def test_whom_nothing_touches_is_not_derived_again(story: Story) -> None:
    for state in (story.merged, story.split, story.idle):
        assert state.profiles["bob"]["phone"] == MARK


def test_nothing_new_is_no_work(story: Story) -> None:
    assert {story.idle.said[model] for model in FOLLOWERS} == {"nothing new"}


def test_another_limit_derives_all(story: Story) -> None:
    assert story.other_limit.profiles["bob"]["phone"] is None
    assert story.other_limit.profiles["bob"]["is_quarantined"]
    assert not story.other_limit.profiles["ann"]["is_quarantined"]
    assert story.other_limit.hashes == {"ann": 4, "bob": 5}


def test_other_rules_of_what_owners_say_derive_all(story: Story) -> None:
    assert story.other_rules.profiles == story.other_limit.profiles
    assert story.other_rules.hashes == story.other_limit.hashes


def _event(number: int, *, hours_earlier: int = 0, **fields: Any) -> Delivery:
    loaded_at = START + timedelta(days=1, hours=number - hours_earlier)
    return Delivery(
        source_id="web",
        event_id=f"event-{number}",
        occurred_at=START + timedelta(hours=number),
        loaded_at=loaded_at,
        load_id=f"load-{loaded_at:%d%H}-{number}",
        **fields,
    )
