"""The shop: a history of about ninety days, and the day after it, as files of events with a known truth."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from segmentloom_sync.demo.deliveries import BLOCKED_ID, Counts, Deliveries
from segmentloom_sync.demo.people import Account, Person, PopulationMaker
from segmentloom_sync.demo.traffic import DAY, MINUTE, Event, Session, Traffic
from segmentloom_sync.demo.truth import Truth, truth_of

LEAST_PERSONS = 100


@dataclass(frozen=True, slots=True)
class DayAfter:
    """What is different on the day after the history."""

    new_customers: int
    buyers: int
    """Persons who had something in the cart and bought it."""
    changed_address: Person
    opted_out: Person


class Shop:
    """Everything that happens in the shop.

    Args:
        seed: the same seed, size and end give the same files, byte for byte.
        end: when the history ends; the day after it ends 24 hours later.
        persons: how many persons, 100 at least.
        events: about how many events.
        days: how long the history is.
    """

    def __init__(
        self, *, seed: int = 7, end: datetime, persons: int = 5_000, events: int = 200_000, days: int = 90
    ) -> None:
        if persons < LEAST_PERSONS:
            raise ValueError(f"a shop needs at least {LEAST_PERSONS} persons")
        self._end = int(end.timestamp() * 1000)
        self._start = self._end - days * DAY
        self._events = events
        self._people = PopulationMaker(seed, persons)
        self._random = random.Random(f"shop {seed}")
        self.population = self._people.make()
        self._traffic = Traffic(seed, self.population, start=self._start, end=self._end, events=events)
        self._deliveries = Deliveries(seed)
        self.truth: Truth = truth_of(self.population, self._traffic.first_logins())

    @property
    def counts(self) -> Counts:
        """What has been written so far."""
        return self._deliveries.counts

    def write_history(self, folder: Path) -> list[Path]:
        """Write the history's files; returns their paths."""
        events = self._with_blocked(self._traffic.events(), every=1_000)
        return self._deliveries.write(folder, events, until=self._end, broken=max(5, self._events // 10_000))

    def write_day_after(self, folder: Path) -> tuple[list[Path], DayAfter]:
        """Write the files of the day after, which hold what came late too, and make it part of the truth.

        Call it after `write_history`: whoever buys was seen putting something in the cart there.
        """
        quiet = [person for person in self.population.persons if _is_plain(person)]
        changed, opted_out = (person for person in quiet[:2])
        newcomers = [
            self._people.newcomer(len(self.population.persons) + number)
            for number in range(max(3, len(self.population.persons) // 200))
        ]
        buyers = self._buyers(exclude={changed.number, opted_out.number})
        events = sorted(self._day_after(newcomers, buyers, changed, opted_out), key=lambda event: event.at)
        for person in newcomers:
            self.truth.add_person(person)
        account = changed.accounts[0]
        self.truth.add_identifier(("email", account.email), ("email", new_address(account)))
        paths = self._deliveries.write(folder, events, until=self._end + DAY, broken=0)
        return paths, DayAfter(len(newcomers), len(buyers), changed, opted_out)

    def _day_after(
        self, newcomers: list[Person], buyers: list[Person], changed: Person, opted_out: Person
    ) -> Iterator[Event]:
        for person in newcomers:
            account = person.accounts[0]
            session = Session(self._moment(), person, account.devices[0], account, True, is_sign_up=True)
            yield from self._traffic.session_events(session, actions=("pricing", "view", "pricing", "add"))
        for person in buyers:
            yield from self._visit(person, ("page", "order"))
        former = changed.accounts[0]
        latter = Account(former.user_id, new_address(former), devices=former.devices)
        session = Session(self._moment(), changed, former.devices[0], latter, is_login=True)
        yield from self._traffic.session_events(session, actions=("page",))
        opted_out.gpc = True
        yield from self._visit(opted_out, ("page",))

    def _visit(self, person: Person, actions: tuple[str, ...]) -> Iterator[Event]:
        account = person.accounts[0]
        session = Session(self._moment(), person, account.devices[0], account)
        return self._traffic.session_events(session, actions=actions)

    def _moment(self) -> int:
        return self._end + self._random.randint(MINUTE, DAY - DAY // 8)

    def _buyers(self, exclude: set[int]) -> list[Person]:
        """Persons with something in the cart for less than a week who have not bought in that time."""
        week_ago = self._end - 6 * DAY
        carts = [
            number
            for number, added in sorted(self._traffic.last_added.items())
            if added > week_ago and self._traffic.last_ordered.get(number, 0) <= week_ago - DAY
        ]
        chosen = [number for number in carts if number not in exclude][: max(2, self._events // 5_000)]
        return [self.population.persons[number] for number in chosen]

    def _with_blocked(self, events: Iterator[Event], *, every: int) -> Iterator[Event]:
        """Mix in events of a broken app whose device id is all zeros: kept, but nobody's."""
        for number, event in enumerate(events):
            yield event
            if number % every == 0:
                yield Event(
                    "track", "Product Viewed", event.at, f"zero-{number}", BLOCKED_ID, None, on_app=True
                )


def new_address(account: Account) -> str:
    """The address that an account changes to on the day after."""
    return account.email.replace("@", ".new@")


def _is_plain(person: Person) -> bool:
    """Whether the person shares nothing, gave consent and belongs to a team of five or more."""
    return (
        len(person.accounts) == 1
        and person.accounts[0].user_id is not None
        and person.accounts[0].owns_address
        and person.seats >= 5
        and person.completed_onboarding
        and person.consent == "granted"
        and not person.gpc
    )
