"""What the persons of the shop do: sessions on devices, and the events of each session, in time order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from segmentloom_sync.demo.people import Account, Device, Person, Population

DAY = 86_400_000
MINUTE = 60_000
CATEGORIES = {"coffee": 14, "tea": 11, "kitchen": 48, "garden": 62, "books": 19, "office": 85}
CURRENCIES = {"US": "USD", "CA": "CAD", "GB": "GBP", "DE": "EUR", "FR": "EUR"}
PAGES = ("/", "/new", "/offers", "/about", "/help", "/blog/brewing")


@dataclass(slots=True)
class Event:
    """One thing that happened, before a dialect writes it down. Times are milliseconds since 1970."""

    type: str
    name: str | None
    at: int
    message_id: str
    anonymous_id: str | None
    user_id: str | None
    on_app: bool = False
    previous_id: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    traits: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    may_be_late: bool = False


@dataclass(slots=True)
class Session:
    """A visit: who, where, and whether they say who they are."""

    at: int
    person: Person
    device: Device
    account: Account | None = None
    """Set when the person is logged in with it."""
    is_login: bool = False
    is_sign_up: bool = False
    migrates: bool = False
    """Set on the visit in which the account is moved from its previous id to its user id."""
    in_store: bool = False


class Traffic:
    """All events of a population between two times.

    Args:
        seed: the same seed gives the same events.
        population: who acts.
        start, end: milliseconds since 1970; every event lies between.
        events: about how many to make.
    """

    def __init__(self, seed: int, population: Population, *, start: int, end: int, events: int) -> None:
        self._random = random.Random(f"traffic {seed}")
        self._start, self._end = start, end
        self._sessions_each = max(1.0, events / len(population.persons) / 9)
        self.sessions = self._plan(population)
        self._steps = max(1.0, events / len(self.sessions) - 0.5)
        self.last_added: dict[int, int] = {}
        self.last_ordered: dict[int, int] = {}
        """By person: when they last put something in the cart and last bought, while logged in."""

    def events(self) -> Iterator[Event]:
        """Every event; those of one session in time order, sessions by their start."""
        for session in self.sessions:
            yield from self.session_events(session)

    def first_logins(self) -> dict[str, Person]:
        """By anonymous id: who identified on that device first."""
        first: dict[str, Person] = {}
        for session in self.sessions:
            if session.is_login:
                first.setdefault(session.device.anonymous_id, session.person)
        return first

    def session_events(self, session: Session, *, actions: tuple[str, ...] | None = None) -> Iterator[Event]:
        """The events of one session; `actions` replaces what chance would choose."""
        pick = self._random
        at, account = session.at, session.account
        former = account.previous_id if account is not None and session.migrates else None
        user_id = former or (account.user_id if account is not None else None)
        if session.is_login and account is not None:
            yield self._event(session, "identify", None, at, user_id, traits=traits(session.person, account))
        else:
            yield self._event(session, "page", "Page Viewed", at, user_id, {"path": "/"})
        if session.is_sign_up:
            at += pick.randint(1_000, MINUTE)
            yield self._event(session, "track", "Signed Up", at, user_id, {"plan": session.person.plan})
        if actions is None:
            actions = self._actions(buys=account is not None)
        for action in actions:
            at += pick.randint(2_000, 3 * MINUTE)
            yield self._act(session, action, at, user_id)
        if former and account is not None:
            at += pick.randint(1_000, MINUTE)
            alias = self._event(session, "alias", None, at, account.user_id)
            alias.previous_id, alias.anonymous_id = former, None
            yield alias

    def _plan(self, population: Population) -> list[Session]:
        sessions = [s for person in population.persons for s in self._person_sessions(person)]
        for person in population.kiosk_users:
            at = self._random.randint(self._start, self._end - DAY)
            sessions.append(Session(at, person, population.kiosk, person.accounts[0], True, in_store=True))
            sessions.append(Session(at + DAY // 2, person, population.kiosk, in_store=True))
        sessions.sort(key=lambda session: session.at)
        return sessions

    def _person_sessions(self, person: Person) -> Iterator[Session]:
        for account in person.accounts:
            yield from self._account_sessions(person, account)
        for device in person.unknown_devices:
            often = self._count(self._sessions_each / (1 if not person.accounts else 4))
            for at in self._times(often):
                yield Session(at, person, device)

    def _account_sessions(self, person: Person, account: Account) -> Iterator[Session]:
        """First anonymous visits, then the sign-up or login, then every other device and more visits."""
        pick = self._random
        before = pick.choices((0, 1, 2, 3), (35, 35, 20, 10))[0]
        visits = [account.devices[0]] * (before + 1) + account.devices[1:]
        visits += pick.choices(account.devices, k=self._count(self._sessions_each))
        is_new = account.user_id is not None and pick.random() < 0.45
        seen: set[str] = set()
        for position, (at, device) in enumerate(zip(self._times(len(visits)), visits, strict=True)):
            if position < before or (device.anonymous_id in seen and pick.random() < 0.15):
                yield Session(at, person, device)
                continue
            is_login = device.anonymous_id not in seen or pick.random() < 0.1
            yield Session(
                at, person, device, account, is_login,
                is_sign_up=is_new and position == before,
                migrates=account.previous_id is not None and position == before,
            )  # fmt: skip
            seen.add(device.anonymous_id)

    def _count(self, mean: float) -> int:
        return 1 + int(self._random.expovariate(1 / mean))

    def _times(self, count: int) -> list[int]:
        """`count` times in order, from a first one anywhere in the period; each leaves room for a session."""
        last = self._end - DAY // 4
        first = self._start + int(self._random.random() ** 1.5 * 0.97 * (last - self._start))
        return sorted(self._random.randint(first, last) for _ in range(count))

    def _actions(self, *, buys: bool) -> tuple[str, ...]:
        count = min(40, int(self._random.expovariate(1 / self._steps)))
        chosen = self._random.choices(("page", "view", "add", "pricing"), (40, 38, 14, 8), k=count)
        if buys and "add" in chosen and self._random.random() < 0.55:
            chosen.append("order")
        return tuple(chosen)

    def _act(self, session: Session, action: str, at: int, user_id: str | None) -> Event:
        pick, person = self._random, session.person
        category = pick.choice(list(CATEGORIES))
        price = round(CATEGORIES[category] * pick.uniform(0.5, 2.5), 2)
        money = {"currency": CURRENCIES[person.country], "category": category}
        if action == "page":
            return self._event(session, "page", "Page Viewed", at, user_id, {"path": pick.choice(PAGES)})
        if action == "pricing":
            return self._event(session, "track", "Viewed Pricing", at, user_id, {"plan": person.plan})
        if action == "order":
            self.last_ordered[person.number] = at
            properties = {"order_id": f"o-{self._id()[:10]}", "total": round(price * pick.randint(1, 4), 2)}
            return self._event(session, "track", "Order Completed", at, user_id, properties | money)
        if action == "add" and user_id:
            self.last_added[person.number] = at
        properties = {"product_id": f"{category}-{pick.randint(1, 40)}", "price": price}
        name = "Product Added" if action == "add" else "Product Viewed"
        return self._event(session, "track", name, at, user_id, properties | money)

    def _event(
        self,
        session: Session,
        kind: str,
        name: str | None,
        at: int,
        user_id: str | None,
        properties: dict[str, Any] | None = None,
        traits: dict[str, Any] | None = None,
    ) -> Event:
        person, device = session.person, session.device
        context: dict[str, Any] = {"locale": f"en-{person.country}"}
        if session.in_store:
            context["store"] = "Main Street"
        elif person.consent:
            context["consent"] = {"ad_user_data": person.consent, "ad_personalization": person.consent}
        if person.gpc and not session.in_store:
            context["gpc"] = True
        return Event(
            kind, name, at, self._id(), device.anonymous_id, user_id, device.is_app,
            properties=properties or {}, traits=traits or {}, context=context,
            may_be_late=kind == "track" and device.is_app,
        )  # fmt: skip

    def _id(self) -> str:
        return f"{self._random.getrandbits(96):024x}"


def traits(person: Person, account: Account) -> dict[str, Any]:
    """What an identify event says of a person."""
    known: dict[str, Any] = {
        "email": account.email,
        "plan": person.plan,
        "country": person.country,
        "seats": person.seats,
        "completed_onboarding": person.completed_onboarding,
    }
    return known | ({"phone": person.phone} if person.phone else {})
