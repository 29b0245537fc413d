"""The keyed hashes by which a sync finds suppressed profiles, as dbt keeps them, against Python's own.

There are few runs of dbt, since each start takes seconds; the tests look at what was there after each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from segmentloom_sync.privacy.request import RequestType, record
from segmentloom_sync.privacy.suppressed import IDENTIFIER_DIGESTS, is_suppressed
from segmentloom_sync.warehouse.base import Warehouse
from tests.oracles.build import warehouse_of
from tests.oracles.events import Delivery
from tests.oracles.landed import land
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

START = datetime(2026, 3, 1, tzinfo=UTC)
SELECTION = ("run", "--select", "+segmentloom__hashed_identifiers")
SECOND_KEY = "c0ffee" * 10 + "beef"


@dataclass(frozen=True)
class State:
    """What is there after a step.

    Attributes:
        digests: as the relation has them; `expected` is Python's.
        suppressed: of each identifier, whether a request bars its profile.
    """

    digests: list[tuple[Any, ...]]
    expected: list[tuple[Any, ...]]
    suppressed: dict[str, bool]


@dataclass
class Story:
    """A workspace and its states by the name of the step."""

    workspace: Workspace
    states: dict[str, State] = field(default_factory=dict)

    def build(self, step: str, *deliveries: Delivery, run: tuple[str, ...] = ()) -> None:
        with warehouse_of(self.workspace) as warehouse:
            land(warehouse, deliveries)
        self.workspace.dbt(*SELECTION, *run)
        with warehouse_of(self.workspace) as warehouse:
            self.states[step] = look(warehouse)

    def request(self, step: str, kind: RequestType, person: str) -> None:
        with warehouse_of(self.workspace) as warehouse:
            record(warehouse, kind, person, by="the test", now=datetime.now(UTC))
            self.states[step] = look(warehouse)

    def execute(self, sql: str) -> None:
        with warehouse_of(self.workspace) as warehouse:
            warehouse.execute(sql)


def look(warehouse: Warehouse) -> State:
    identifiers = warehouse.rows(
        "select identifier_type || ':' || identifier_value, profile_id from segmentloom.identifiers"
    )
    keys = (
        warehouse.rows("select key_id, secret_key from segmentloom_privacy.suppression_keys")
        if warehouse.exists("suppression_keys", "privacy")
        else []
    )
    expected = [
        (profile_id, key_id, sha256(f"{key}{text}".encode()).hexdigest())
        for text, profile_id in identifiers
        for key_id, key in keys
    ]
    found = warehouse.rows(f"select profile_id, key_id, digest from segmentloom.{IDENTIFIER_DIGESTS}")
    suppressed = {str(text): is_suppressed(warehouse, str(profile_id)) for text, profile_id in identifiers}
    return State(sorted(found), sorted(expected), suppressed)


def event(number: int, *, hours_earlier: int = 0, kind: str = "identify", **fields: Any) -> Delivery:
    loaded_at = START + timedelta(days=1, hours=number - hours_earlier)
    return Delivery(
        source_id="web",
        event_id=f"event-{number}",
        type=kind,
        occurred_at=START + timedelta(hours=number),
        loaded_at=loaded_at,
        load_id=f"load-{loaded_at:%d%H}-{number}",
        **fields,
    )


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Ann asks; her device, which is older, turns out to be hers, then not to be."""
    story = Story(Workspace.create(tmp_path_factory.mktemp("digests") / "project"))
    story.workspace.dbt("seed")
    story.build(
        "before",
        event(1, kind="track", event="Seen", anonymous_id="d1"),
        event(2, user_id="ann", email="ann@example.com"),
        event(3, user_id="bob", email="bob@example.com"),
    )
    story.request("asked", "opt_out", "user_id:ann")
    story.build("merged", event(4, user_id="ann", anonymous_id="d1"))
    story.execute(f"update segmentloom.{IDENTIFIER_DIGESTS} set key_id = 'marked by hand'")
    # Another delivery of the same event, loaded earlier: so Ann never was on the device.
    story.build("split", event(4, hours_earlier=1, user_id="ann"))
    story.request("freed", "opt_in", "user_id:ann")
    story.request("asked again", "opt_out", "email:ann@example.com")
    story.execute(
        "insert into segmentloom_privacy.suppression_keys (key_id, secret_key, created_at)"
        f" values ('second', '{SECOND_KEY}', current_timestamp)"
    )
    story.build("second key")
    story.build("refreshed", run=("--full-refresh",))
    return story


def test_nothing_is_hashed_before_somebody_asks(story: Story) -> None:
    assert story.states["before"].digests == []


@pytest.mark.parametrize("step", ["merged", "second key", "refreshed"])
def test_each_identifier_has_its_digest_under_each_key(story: Story, step: str) -> None:
    state = story.states[step]
    assert state.digests == state.expected
    assert len(state.digests) == 5 * (1 if step == "merged" else 2)


def test_only_the_profiles_that_changed_are_hashed_again(story: Story) -> None:
    state = story.states["split"]
    assert {(profile, digest) for profile, _, digest in state.digests} == {
        (profile, digest) for profile, _, digest in state.expected
    }
    marked = [profile for profile, key_id, _ in state.digests if key_id == "marked by hand"]
    assert len(marked) == 2
    assert len(set(marked)) == 1


@pytest.mark.parametrize(
    ("step", "barred"),
    [
        ("before", ()),
        ("asked", ("user_id:ann", "email:ann@example.com")),
        ("merged", ("user_id:ann", "email:ann@example.com", "anonymous_id:d1")),
        ("split", ("user_id:ann", "email:ann@example.com")),
        ("freed", ()),
        ("asked again", ("user_id:ann", "email:ann@example.com")),
        ("second key", ("user_id:ann", "email:ann@example.com")),
        ("refreshed", ("user_id:ann", "email:ann@example.com")),
    ],
)
def test_requests_bar_the_profiles_of_the_day(story: Story, step: str, barred: tuple[str, ...]) -> None:
    """From the request on, whatever builds do; a device that turns out not to be hers is free again."""
    suppressed = story.states[step].suppressed
    assert sorted(suppressed) == sorted(
        ("anonymous_id:d1", "email:ann@example.com", "email:bob@example.com", "user_id:ann", "user_id:bob")
    )
    assert {text for text, is_barred in suppressed.items() if is_barred} == set(barred)


def test_no_file_has_a_key(story: Story) -> None:
    with warehouse_of(story.workspace) as warehouse:
        rows = warehouse.rows("select secret_key from segmentloom_privacy.suppression_keys")
    keys = [str(key).encode() for (key,) in rows]
    assert len(keys) == 2
    files = [
        file
        for folder in ("target", "logs")
        for file in (story.workspace.path / folder).rglob("*")
        if file.is_file()
    ]
    assert any(IDENTIFIER_DIGESTS in file.name for file in files)
    assert [file for file in files if any(key in file.read_bytes() for key in keys)] == []
