"""The destinations, and a third party's, each with a simulator of its own, on a clock that stands still."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync import simulators
from segmentloom_sync.destinations.base import AudienceList, Destination, Identifier, Member
from segmentloom_sync.destinations.registry import destination_type
from segmentloom_sync.simulators import SimulatorClock
from segmentloom_sync.simulators.platform import Platform
from segmentloom_sync.simulators.server import SimulatorServer
from tests.destinations import acme_platform

START = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass
class Pair:
    """A destination and the simulator it speaks to."""

    simulator: Platform
    clock: SimulatorClock
    destination: Destination = field(init=False)

    def __post_init__(self) -> None:
        self.destination = self.connect()

    def connect(self, **changes: Any) -> Destination:
        """A fresh client of the simulator, with some settings changed."""
        kind = destination_type(self.simulator.name)
        settings = kind.Settings.model_validate({**self.simulator.settings(), **changes})
        made: Destination = kind(settings, clock=self.clock)
        return made

    def new_list(self, name: str = "Pricing intent") -> AudienceList:
        """A list that is ready for use."""
        created = self.destination.create_list(name, ("email",))
        self.clock.advance(10)
        return created

    def holds(self, audience_list: AudienceList) -> set[tuple[str, str]]:
        """What the platform holds."""
        return {(key.type, key.value) for key in self.simulator.members(audience_list.id)}


def digest(text: str) -> str:
    """A hash as the warehouse would make it."""
    return hashlib.sha256(text.encode()).hexdigest()


def member(name: str, *extra: str) -> Member:
    """A person with an e-mail address, and phones named `extra`."""
    phones = tuple(Identifier("phone", digest(phone)) for phone in extra)
    return Member((Identifier("email", digest(name)), *phones), consent="granted")


def keys(*members: Member) -> set[tuple[str, str]]:
    """All identifiers of the members."""
    return {(identifier.type, identifier.value) for person in members for identifier in person.identifiers}


@pytest.fixture
def clock() -> SimulatorClock:
    return SimulatorClock(START)


@pytest.fixture(params=[*simulators.PLATFORMS, "acme_ads"])
def pair(request: pytest.FixtureRequest, clock: SimulatorClock) -> Iterator[Pair]:
    if request.param == "acme_ads":
        yield request.getfixturevalue("acme")
        return
    with simulators.running([request.param], clock=clock) as sims:
        yield Pair(sims[request.param], clock)


@pytest.fixture
def acme(clock: SimulatorClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """The example of a third party's destination, installed and found by its entry point."""
    acme_platform.install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    platform = acme_platform.AcmePlatform(clock=clock, matching=simulators.Matching())
    server = SimulatorServer(platform)
    server.start()
    yield Pair(platform, clock)
    server.stop()
    sys.modules.pop("acme_ads", None)


@pytest.fixture
def google(clock: SimulatorClock) -> Iterator[Pair]:
    with simulators.running(["google_ads"], clock=clock) as sims:
        yield Pair(sims["google_ads"], clock)


@pytest.fixture
def meta(clock: SimulatorClock) -> Iterator[Pair]:
    with simulators.running(["meta"], clock=clock) as sims:
        yield Pair(sims["meta"], clock)


@pytest.fixture
def linkedin(clock: SimulatorClock) -> Iterator[Pair]:
    with simulators.running(["linkedin"], clock=clock) as sims:
        yield Pair(sims["linkedin"], clock)


@pytest.fixture
def tiktok(clock: SimulatorClock) -> Iterator[Pair]:
    with simulators.running(["tiktok"], clock=clock) as sims:
        yield Pair(sims["tiktok"], clock)


@pytest.fixture
def webhook(clock: SimulatorClock) -> Iterator[Pair]:
    with simulators.running(["webhook"], clock=clock) as sims:
        yield Pair(sims["webhook"], clock)
