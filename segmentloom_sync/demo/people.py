"""Who there is in the demo's shop: persons, their accounts and devices, and what ties them.

Everything is invented: addresses are on example domains, telephone numbers in ranges kept for fiction.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum

COUNTRIES = {"US": 50, "CA": 15, "GB": 15, "DE": 12, "FR": 8}
FIRST_NAMES = (
    "ada",
    "alan",
    "amara",
    "anna",
    "bo",
    "carlos",
    "chen",
    "dana",
    "dev",
    "elif",
    "emma",
    "farid",
    "fatou",
    "grace",
    "hana",
    "hugo",
    "ines",
    "ivan",
    "jonas",
    "kim",
    "lea",
    "liam",
    "lina",
    "luis",
    "mara",
    "mia",
    "nadia",
    "noah",
    "olga",
    "omar",
    "paul",
    "priya",
    "rosa",
    "sam",
    "sara",
    "tomas",
    "uma",
    "vera",
    "wei",
    "yara",
    "zoe",
)
PLANS = {"free": 60, "growth": 30, "scale": 10}


class Why(StrEnum):
    """Why a group of identifiers is a profile of its own: what a warehouse can and cannot know."""

    PERSON = "a person: one account and every device where they said who they are"
    VISITOR = "a visitor who never said who they are, on their first device"
    VISITOR_DEVICE = "a further device of a visitor who never said who they are"
    UNKNOWN_DEVICE = "a device of a known person that never was identified"
    SECOND_ACCOUNT = "a second account that a person keeps apart on another device"
    KIOSK = "a kiosk tablet that many persons use"
    SHARED_ADDRESS = "an address that more than five accounts share"


@dataclass(slots=True)
class Device:
    """One browser or app."""

    anonymous_id: str
    is_app: bool = False


@dataclass(slots=True)
class Account:
    """What a person is known by: an account of the shop, or only an address (a guest)."""

    user_id: str | None
    email: str
    previous_id: str | None = None
    devices: list[Device] = field(default_factory=list)
    """Devices on which the person identifies with this account."""

    @property
    def owns_address(self) -> bool:
        """Whether the address is this person's and not a whole firm's."""
        return not self.email.startswith("info@")


@dataclass(slots=True)
class Person:
    """One human being. A visitor has no account."""

    number: int
    country: str
    plan: str
    seats: int
    completed_onboarding: bool
    phone: str | None
    consent: str | None
    gpc: bool
    accounts: list[Account] = field(default_factory=list)
    unknown_devices: list[Device] = field(default_factory=list)
    """Devices on which the person never says who they are."""


@dataclass(slots=True)
class Population:
    """All persons, and what they share."""

    persons: list[Person]
    kiosk: Device
    kiosk_users: list[Person]
    family_devices: dict[str, tuple[Person, Person]]
    """By anonymous id: the two persons who both log in there."""
    couples: list[tuple[Person, Person]]
    """Persons who share one address, too few for it to count as shared."""


class PopulationMaker:
    """Makes a population; the same seed makes the same one.

    Args:
        seed: anything; part of every name so that two seeds share no identifier.
        count: how many persons.
    """

    def __init__(self, seed: int, count: int) -> None:
        self._random = random.Random(f"people {seed}")
        self._count = count
        self._accounts = 0

    def make(self) -> Population:
        """The whole population."""
        persons = [self._person(number) for number in range(self._count)]
        customers = [person for person in persons if person.accounts and person.accounts[0].user_id]
        spare = iter(self._random.sample(customers, len(customers)))
        scale = max(1, self._count // 100)
        couples = [self._couple(next(spare), next(spare)) for _ in range(max(1, scale // 4))]
        for _ in range(max(1, scale // 20)):
            self._firm([next(spare) for _ in range(8)])
        for _ in range(max(1, scale // 3)):
            self._second_account(next(spare))
        for _ in range(max(1, scale // 2)):
            account = next(spare).accounts[0]
            account.previous_id = f"legacy-{account.user_id}"
        families = dict(self._family(next(spare), next(spare)) for _ in range(max(1, scale * 2)))
        kiosk_users = [next(spare) for _ in range(max(12, scale))]
        return Population(persons, self._device(), kiosk_users, families, couples)

    def newcomer(self, number: int) -> Person:
        """A new customer with one device, for the day after."""
        person = self._person(number, kind="customer")
        account = person.accounts[0]
        del account.devices[1:]
        person.unknown_devices.clear()
        person.gpc = False
        return person

    def _person(self, number: int, kind: str | None = None) -> Person:
        pick = self._random
        kind = kind or pick.choices(("customer", "guest", "visitor"), (70, 6, 24))[0]
        country = pick.choices(list(COUNTRIES), list(COUNTRIES.values()))[0]
        person = Person(
            number=number,
            country=country,
            plan=pick.choices(list(PLANS), list(PLANS.values()))[0],
            seats=pick.choices((1, 2, 3, 5, 8, 20, 50), (45, 15, 12, 12, 8, 5, 3))[0],
            completed_onboarding=pick.random() < 0.6,
            phone=self._phone(number, country) if pick.random() < 0.55 else None,
            consent=pick.choices(("granted", "denied", None), (72, 14, 14))[0],
            gpc=pick.random() < 0.025,
        )
        devices = [self._device() for _ in range(pick.choices((1, 2, 3, 4), (42, 38, 15, 5))[0])]
        if kind == "visitor":
            person.unknown_devices = devices[:2]
            return person
        account = self._account(with_user=kind == "customer")
        account.devices = [devices[0]]
        for device in devices[1:]:
            (account.devices if pick.random() < 0.8 else person.unknown_devices).append(device)
        person.accounts = [account]
        return person

    def _account(self, *, with_user: bool = True) -> Account:
        number, self._accounts = self._accounts, self._accounts + 1
        first = self._random.choice(FIRST_NAMES)
        domain = self._random.choice(("example.com", "example.org", "example.net"))
        return Account(f"u_{number:06d}" if with_user else None, f"{first}.{number}@{domain}")

    def _device(self) -> Device:
        return Device(f"{self._random.getrandbits(128):032x}", self._random.random() < 0.35)

    def _phone(self, number: int, country: str) -> str:
        """A number in a range that regulators keep for fiction, written as people write them."""
        if country == "GB":
            return f"+44 7700 900{number % 1000:03d}"
        if country == "DE":
            return f"+49 30 23125{number % 1000:03d}"
        if country == "FR":
            return f"+33 1 99 00 {number // 100 % 100:02d} {number % 100:02d}"
        return f"+1 ({201 + number // 100 % 799}) 555-01{number % 100:02d}"

    def _couple(self, one: Person, other: Person) -> tuple[Person, Person]:
        other.accounts[0].email = one.accounts[0].email
        return one, other

    def _firm(self, colleagues: list[Person]) -> None:
        address = f"info@firm-{colleagues[0].number}.example.com"
        for person in colleagues:
            person.accounts[0].email = address

    def _second_account(self, person: Person) -> None:
        account = self._account()
        account.devices = [self._device()]
        person.accounts.append(account)

    def _family(self, one: Person, other: Person) -> tuple[str, tuple[Person, Person]]:
        device = self._device()
        for person in (one, other):
            person.accounts[0].devices.append(device)
        return device.anonymous_id, (one, other)
