"""The three destinations, each with a simulator of its platform of its own, on a clock that stands still."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from segmentloom_sync import simulators
from segmentloom_sync.destinations.base import AudienceList, Destination, Identifier, Member
from segmentloom_sync.destinations.registry import destination_type
from segmentloom_sync.simulators import SimulatorClock
from segmentloom_sync.simulators.platform import Platform

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


@pytest.fixture(params=["google_ads", "meta", "linkedin"])
def pair(request: pytest.FixtureRequest, clock: SimulatorClock) -> Iterator[Pair]:
    with simulators.running([request.param], clock=clock) as sims:
        yield Pair(sims[request.param], clock)


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
