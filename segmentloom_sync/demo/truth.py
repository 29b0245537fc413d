"""What is true of the shop, and how far what was found agrees."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from segmentloom_sync.demo.people import Person, Population, Why

Identifier = tuple[str, str]
"""Type and value, e.g. ("user_id", "u_000001")."""


@dataclass(slots=True)
class Group:
    """Identifiers that belong to one profile, as far as anyone could know from the events."""

    why: Why
    persons: set[int]
    identifiers: set[Identifier]


@dataclass(slots=True)
class Truth:
    """All groups, and the facts that explain why there are not as many as persons."""

    persons: int
    groups: list[Group]
    couples: int
    family_devices: int

    def add_person(self, person: Person) -> None:
        """A new person with one account and no shared device."""
        self.persons += 1
        self.groups.append(Group(Why.PERSON, {person.number}, _known(person, 0, set())))

    def add_identifier(self, known: Identifier, new: Identifier) -> None:
        """From now on `new` belongs to the profile of `known`."""
        next(group for group in self.groups if known in group.identifiers).identifiers.add(new)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Found profiles against true groups.

    `unexplained` counts true groups that are no found profile, identifier for identifier, and profiles
    made of identifiers that the shop never used; 0 means that every difference is in `differences`.
    """

    persons: int
    profiles_expected: int
    profiles_found: int
    unexplained: int
    split: int
    merged: int
    differences: list[tuple[int, str]] = field(default_factory=list)
    """How many profiles more (or fewer, negative) than persons, and why."""


def truth_of(population: Population, first_logins: Mapping[str, Person]) -> Truth:
    """The groups of a population.

    Args:
        population: who there is.
        first_logins: by anonymous id, who identified on a device first: a shared device counts as theirs.
    """
    foreign: dict[int, set[str]] = defaultdict(set)
    for anonymous_id, pair in population.family_devices.items():
        for person in pair:
            if first_logins[anonymous_id] is not person:
                foreign[person.number].add(anonymous_id)
    groups = [group for person in population.persons for group in _groups(person, foreign[person.number])]
    by_person = {number: group for group in groups if group.why == Why.PERSON for number in group.persons}
    for one, other in population.couples:
        kept, gone = by_person[one.number], by_person[other.number]
        kept.identifiers |= gone.identifiers
        kept.persons |= gone.persons
        groups.remove(gone)
    shared = {account.email for p in population.persons for account in p.accounts if not account.owns_address}
    groups += [Group(Why.SHARED_ADDRESS, set(), {("email", address)}) for address in sorted(shared)]
    groups.append(Group(Why.KIOSK, set(), {("anonymous_id", population.kiosk.anonymous_id)}))
    return Truth(len(population.persons), groups, len(population.couples), len(population.family_devices))


def compare(truth: Truth, found: Iterable[tuple[str, str, str]]) -> Agreement:
    """Judge profiles by the truth.

    Args:
        found: identifier type, value and profile id, one row per identifier.
    """
    profiles: dict[str, set[Identifier]] = defaultdict(set)
    profile_of: dict[Identifier, str] = {}
    for kind, value, profile_id in found:
        profiles[profile_id].add((kind, value))
        profile_of[kind, value] = profile_id
    wrong = split = 0
    owners: Counter[str] = Counter()
    for group in truth.groups:
        ids = {profile_of.get(identifier, "") for identifier in group.identifiers}
        owners.update(ids)
        split += len(ids) > 1
        wrong += len(ids) > 1 or profiles.get(next(iter(ids))) != group.identifiers
    known = {identifier for group in truth.groups for identifier in group.identifiers}
    strangers = sum(1 for identifiers in profiles.values() if not identifiers & known)
    return Agreement(
        persons=truth.persons,
        profiles_expected=len(truth.groups),
        profiles_found=len(profiles),
        unexplained=wrong + strangers,
        split=split,
        merged=sum(1 for profile_id, count in owners.items() if profile_id and count > 1),
        differences=_differences(truth),
    )


def _groups(person: Person, foreign: set[str]) -> list[Group]:
    groups = [
        Group(Why.SECOND_ACCOUNT if number else Why.PERSON, {person.number}, _known(person, number, foreign))
        for number in range(len(person.accounts))
    ]
    for number, device in enumerate(person.unknown_devices):
        why = Why.UNKNOWN_DEVICE if person.accounts else Why.VISITOR_DEVICE if number else Why.VISITOR
        groups.append(Group(why, {person.number}, {("anonymous_id", device.anonymous_id)}))
    return groups


def _known(person: Person, number: int, foreign: set[str]) -> set[Identifier]:
    account = person.accounts[number]
    known = {("anonymous_id", d.anonymous_id) for d in account.devices if d.anonymous_id not in foreign}
    known |= {("user_id", value) for value in (account.user_id, account.previous_id) if value}
    if account.owns_address:
        known.add(("email", account.email))
    return known


def _differences(truth: Truth) -> list[tuple[int, str]]:
    count = Counter(group.why for group in truth.groups)
    return [
        (count[Why.UNKNOWN_DEVICE], "devices of known persons never identified, each counted as a profile"),
        (count[Why.VISITOR_DEVICE], "further devices of visitors who never said who they are"),
        (count[Why.SECOND_ACCOUNT], "second accounts, kept apart by their owners"),
        (count[Why.KIOSK], "kiosk tablet, tied to nobody (guard b)"),
        (count[Why.SHARED_ADDRESS], "addresses that a whole firm shares, tied to nobody (guard a)"),
        (-truth.couples, "couples who use one address, too few accounts to tell it from one person"),
    ]
