"""A small warehouse made by hand: the public relations that the sync reads, and people to put into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from segmentloom_sync.destinations.base import Identifier
from segmentloom_sync.identity.find_profile import IDENTITY_MAP
from segmentloom_sync.privacy.request import RequestType, record
from segmentloom_sync.privacy.suppressed import IDENTIFIER_DIGESTS
from segmentloom_sync.sync.tables import ensure_tables
from segmentloom_sync.warehouse.base import Columns, Statement, Warehouse

AUDIENCE = "buyers"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)

RELATIONS: Mapping[str, Columns] = {
    "profiles": {
        "profile_id": "string",
        "ad_user_data_consent": "string",
        "ad_personalization_consent": "string",
        "is_opted_out": "boolean",
        "is_quarantined": "boolean",
    },
    "identifiers": {
        "identifier_type": "string",
        "identifier_value": "string",
        "profile_id": "string",
    },
    IDENTIFIER_DIGESTS: {"profile_id": "string", "key_id": "string", "digest": "string"},
    IDENTITY_MAP: {"identifier_type": "string", "identifier_value": "string", "profile_id": "string"},
    "hashed_identifiers": {
        "hash_rule": "string",
        "profile_id": "string",
        "identifier_type": "string",
        "identifier": "string",
    },
    "audience_membership": {"audience": "string", "profile_id": "string", "evaluated_at": "timestamp"},
    "int_segmentloom__publications": {
        "audience": "string",
        "evaluated_at": "timestamp",
    },
    "int_segmentloom__failed_audiences": {"audience": "string", "failed_at": "timestamp", "tests": "string"},
}


@dataclass
class TestClock:
    """Time that passes only when told to, or by sleeping."""

    __test__ = False
    time: datetime = START
    slept: float = 0.0

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.time += timedelta(seconds=seconds)


@dataclass
class Person:
    """One profile and what is known of it."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    is_member: bool = True
    is_opted_out: bool = False
    is_quarantined: bool = False
    consent: str | None = "granted"

    @property
    def identifiers(self) -> set[Identifier]:
        return {email(value) for value in self.emails} | {phone(value) for value in self.phones}

    def values(self, name: str) -> set[str]:
        """The identifiers of their events."""
        return {f"user_id:{name}", *(f"email:{value}@example.com" for value in self.emails)}


@dataclass
class Shop:
    """People, published into a warehouse."""

    warehouse: Warehouse
    clock: TestClock
    hash_rule: str = "test"
    audience: str = AUDIENCE
    people: dict[str, Person] = field(default_factory=dict)
    barred_values: set[str] = field(default_factory=set)
    """What requests bar, as events would show it."""
    barred: set[Identifier] = field(default_factory=set)
    """What requests bar, as platforms get it, whoever has it."""

    def prepare(self) -> None:
        """Make the relations."""
        for name, columns in RELATIONS.items():
            self.warehouse.ensure_table(name, "", columns)
        ensure_tables(self.warehouse)

    def add(self, *names: str) -> None:
        """People with one e-mail address each."""
        for name in names:
            self.people[name] = Person(emails=(name,))

    def publish(self) -> None:
        """Write all relations anew, as a dbt run does."""
        statements = [
            Statement(f"delete from {self.warehouse.relation(name)} where true") for name in RELATIONS
        ]
        for name, person in sorted(self.people.items()):
            statements += self._person(name, person)
        identifiers, known = map(self.warehouse.relation, ("identifiers", IDENTITY_MAP))
        statements.append(
            Statement(
                f"insert into {known} select identifier_type, identifier_value, profile_id from {identifiers}"
            )
        )
        statements.append(self._digests(identifiers))
        publications = self.warehouse.relation("int_segmentloom__publications")
        statements.append(
            Statement(
                f"insert into {publications} (audience, evaluated_at) values (:audience, :now)",
                {"audience": self.audience, "now": self.clock.now()},
            )
        )
        self.warehouse.apply(statements)

    def _digests(self, identifiers: str) -> Statement:
        keyed = self.warehouse.sha256_hex("keys.secret_key || identifier_type || ':' || identifier_value")
        return Statement(
            f"insert into {self.warehouse.relation(IDENTIFIER_DIGESTS)} (profile_id, key_id, digest)"
            f" select profile_id, keys.key_id, {keyed} from {identifiers}"
            f" cross join {self.warehouse.relation('suppression_keys', 'privacy')} as keys"
        )

    def _person(self, name: str, person: Person) -> list[Statement]:
        identifiers = self.warehouse.relation("identifiers")
        consents = "null, null" if person.consent is None else ":consent, :consent"
        values = {"name": name, "opted_out": person.is_opted_out, "quarantined": person.is_quarantined}
        if person.consent is not None:
            values["consent"] = person.consent
        known = [
            Statement(
                f"insert into {identifiers} values (:type, :value, :name)",
                {"type": value.partition(":")[0], "value": value.partition(":")[2], "name": name},
            )
            for value in sorted(person.values(name))
        ]
        profiles, hashed, membership = (
            self.warehouse.relation(relation)
            for relation in ("profiles", "hashed_identifiers", "audience_membership")
        )
        statements = [
            *known,
            Statement(f"insert into {profiles} values (:name, {consents}, :opted_out, :quarantined)", values),
        ]
        statements += [
            Statement(
                f"insert into {hashed} values (:rule, :name, :type, :identifier)",
                {"rule": self.hash_rule, "name": name, "type": kind, "identifier": value},
            )
            for kind, value in sorted(person.identifiers)
        ]
        if person.is_member:
            statements.append(
                Statement(
                    f"insert into {membership} (audience, profile_id, evaluated_at)"
                    " values (:audience, :name, :now)",
                    {"audience": self.audience, "name": name, "now": self.clock.now()},
                )
            )
        return statements

    def request(self, request_type: RequestType, value: str) -> None:
        """Somebody asks, named by `type:value`, while all that is published is as `people` has it."""
        record(
            self.warehouse,
            request_type,
            value,
            by="the shop",
            now=self.clock.now(),
            email_hashes=[self.warehouse.sha256_hex("identifier_value")],
        )
        values, hashes = {value}, set()
        for name, person in self.people.items():
            if value in person.values(name):
                values |= person.values(name)
                hashes |= person.identifiers
        hashes |= {email(entry[6:].removesuffix("@example.com")) for entry in values if entry[:6] == "email:"}
        if request_type == "opt_out":
            self.barred_values |= values
            self.barred |= hashes
        else:
            self.barred_values -= values
            self.barred -= hashes

    def refuses(self, name: str) -> bool:
        """Whether a person is opted out, computed without SQL."""
        person = self.people[name]
        return person.is_opted_out or bool(self.barred_values & person.values(name))

    @property
    def all_barred(self) -> set[Identifier]:
        """What may not be sent, computed without SQL."""
        refusing = [person.identifiers for name, person in self.people.items() if self.refuses(name)]
        return self.barred.union(*refusing)

    def wanted(self, *, types: tuple[str, ...] = ("email", "phone")) -> set[Identifier]:
        """What the list shall hold, computed without SQL."""
        barred = self.all_barred
        return {
            entry
            for name, person in self.people.items()
            if person.is_member and not self.refuses(name) and not person.is_quarantined
            for entry in person.identifiers
            if entry.type in types and entry not in barred
        }


def email(name: str) -> Identifier:
    return Identifier("email", sha256(f"{name}@example.com".encode()).hexdigest())


def phone(number: str) -> Identifier:
    return Identifier("phone", sha256(number.encode()).hexdigest())
