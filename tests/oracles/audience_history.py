"""A shop whose events, people and audiences change from build to build, and who is in each audience then."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

import yaml

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.project import ProjectFolder
from tests.killable_dbt import Run
from tests.oracles.audience_generator import AS_OF, EVENTS, Generator
from tests.oracles.audiences import Event, World
from tests.oracles.build import warehouse_of
from tests.oracles.chronicle import decide
from tests.oracles.events import Delivery, Identifier, accepted
from tests.oracles.histories import opposites, unmerges
from tests.oracles.identity import Identity, Rules, stitch
from tests.oracles.landed import land
from tests.oracles.overrides import Override, suppressed_links
from tests.workspace import Workspace

BASE: dict[str, dict[str, Any]] = {
    "staff": {"match": {"trait": "plan", "in": ["free", "Free", 5]}},
    "buyers": {"match": {"event": "Order Completed", "within": "30 days"}},
}
"""The audiences that the generator's conditions name."""
ELSEWHERE = [f"resource_type:test,segmentloom.{folder}" for folder in ("events", "identity", "sync")]
"""The tests of what audiences are made of."""


class Dbt(Protocol):
    """Runs dbt in the project of a history."""

    def run(self, *arguments: str) -> Run:
        """To its end, whatever becomes of it."""


class _WithoutAliases(yaml.SafeDumper):
    """Writes what is there twice out twice: audience files have no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@dataclass
class AudienceHistory:
    """What was landed, decided and asked so far, and the project that knows of it."""

    workspace: Workspace
    seed: int
    persons: int = 25
    deliveries: list[Delivery] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    as_of: datetime = AS_OF

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.generator = Generator(self.seed)
        self._landed = 0

    def ask(self, files: dict[str, dict[str, Any]]) -> None:
        """Have these audiences and no others."""
        self.files = files
        for path in (self.workspace.path / "audiences").glob("*.yml"):
            path.unlink()
        for name, file in files.items():
            self.workspace.audience(name, yaml.dump(file, Dumper=_WithoutAliases, allow_unicode=True))
        compile_audiences(ProjectFolder.find(self.workspace.path))

    def more_audiences(self, count: int) -> dict[str, dict[str, Any]]:
        """So many random ones beside those that others name; every third is of a priority group."""
        first = len(self.files)
        new = {f"a{first + number}": self.generator.file() for number in range(count)}
        for rank, file in enumerate(list(new.values())[::3], first + 1):
            file["priority"] = {"group": "lifecycle", "rank": rank}
        return {**BASE, **self.files, **new}

    def land(self, count: int, at: datetime, *, late: float = 0.3) -> None:
        """Land random events that happened around a time, some of them long before, as one load."""
        self.generator.as_of = at
        loaded = AS_OF + timedelta(seconds=self._landed)
        new = [self._delivery(f"m{self._landed + place}", loaded, late) for place in range(count)]
        # Deliveries that come again, some as other than they were: the first load's count.
        again = self.random.sample(self.deliveries, min(len(self.deliveries), 3))
        self._land([*new, *(self._again(delivery, loaded) for delivery in again)])

    def displace(self, count: int) -> None:
        """Land a load that says it came before all others: its deliveries count in place of later ones.

        Every other one tells of another event, at another time, of another person.
        """
        early = AS_OF - timedelta(days=1) - timedelta(seconds=self._landed)
        loads = [
            self._again(delivery, early) for delivery in self.random.sample(accepted(self.deliveries), count)
        ]
        for place, delivery in enumerate(loads):
            if delivery.type == "track" and place % 2:
                other = self._delivery(delivery.event_id, early, 0.3)
                loads[place] = replace(
                    delivery,
                    event=self.random.choice(EVENTS[:3]),
                    occurred_at=other.occurred_at,
                    user_id=other.user_id,
                    anonymous_id=other.anonymous_id,
                    email=other.email,
                )
        self._land(loads)

    def merge(self, count: int) -> None:
        """Land links between persons."""
        loaded = AS_OF + timedelta(seconds=self._landed)
        pairs = [self.random.sample(range(self.persons), 2) for _ in range(count)]
        self._land(
            [
                Delivery(
                    source_id="app",
                    event_id=f"m{self._landed + place}",
                    type="alias",
                    occurred_at=self.generator.moment(),
                    loaded_at=loaded,
                    load_id=f"load{loaded.isoformat()}",
                    line_number=self._landed + place,
                    user_id=f"u{one}",
                    previous_id=f"u{other}",
                )
                for place, (one, other) in enumerate(pairs)
            ]
        )

    def delete(self, count: int) -> None:
        """Delete all deliveries of some events. Builds see what has gone when they build everything."""
        gone = {delivery.key for delivery in self.random.sample(accepted(self.deliveries), count)}
        self.deliveries = [delivery for delivery in self.deliveries if delivery.key not in gone]
        with warehouse_of(self.workspace) as warehouse:
            for source_id, event_id in sorted(gone):
                warehouse.execute(
                    f"delete from {warehouse.relation('events', 'raw')}"
                    " where source_id = :source_id and event_id = :event_id",
                    source_id=source_id,
                    event_id=event_id,
                )

    @property
    def identity(self) -> Identity:
        """Who is who."""
        return stitch(accepted(self.deliveries), Rules(), suppressed_links(self.overrides))

    def unmerge(self, count: int) -> None:
        """Take some merges back."""
        self._decide(unmerges(self.identity, count, self.random))

    def remerge(self, count: int) -> None:
        """Take some of that back."""
        undone = [one for one in self.overrides if one.action == "unmerge"]
        self._decide(opposites(self.random.sample(undone, count), self.random))

    def build(self, dbt: Dbt, as_of: datetime, *arguments: str) -> None:
        """Build everything as of a time, without the tests of what audiences are made of."""
        self._run(dbt, as_of, *arguments, "--exclude", "resource_type:unit_test", *ELSEWHERE)

    def build_people(self, dbt: Dbt) -> None:
        """Build events and people, and no audiences."""
        done = dbt.run("run", "--select", "+segmentloom__hashed_identifiers")
        assert done.ok, done.output[-4000:]

    def evaluate(self, dbt: Dbt, as_of: datetime, *arguments: str) -> None:
        """Evaluate and publish audiences as of a time, over the events and people of the last build."""
        models = ["segmentloom.conditions", "tag:audience"]
        self._run(dbt, as_of, *arguments, "--select", *models, "--exclude", "resource_type:unit_test")

    def slide(self, dbt: Dbt, as_of: datetime, *arguments: str) -> None:
        """Evaluate the conditions, from which the models of audiences follow, and publish nothing."""
        models = ["int_segmentloom__event_counts", "int_segmentloom__conditions"]
        only = ["--exclude", "resource_type:test"]
        self._run(dbt, as_of, *arguments, "--select", *models, *only)

    def world(self) -> World:
        """What plain Python says of all that was landed and decided, the members of all audiences too."""
        identity = self.identity
        traits = {profile.profile_id: profile.traits for profile in identity.profiles.values()}
        members: dict[str, frozenset[str]] = {}
        world = World(traits, self._events(identity, identity.profile_of.__getitem__), self.as_of, members)
        ranks = {name: file.get("priority", {}).get("rank", 0) for name, file in self.files.items()}
        for name in sorted(self.files, key=lambda name: (name not in BASE, ranks[name])):
            members[name] = frozenset(world.members(self.files[name], name, self.outranking(name)))
        return world

    def owners(self) -> World:
        """The same with owners of events, who have no traits, in place of profiles; they are `type:value`."""
        events = self._events(self.identity, ":".join)
        return World({event.profile_id: {} for event in events}, events, self.as_of, {})

    def outranking(self, name: str) -> list[str]:
        """The audiences that take somebody before this one does."""
        own = self.files[name].get("priority")
        others = {other: file["priority"] for other, file in self.files.items() if "priority" in file}
        return [
            other
            for other, priority in others.items()
            if own and priority["group"] == own["group"] and priority["rank"] < own["rank"]
        ]

    def expected(self) -> dict[str, set[str]]:
        """The members of each audience."""
        return {name: set(members) for name, members in self.world().audiences.items()}

    def found(self) -> dict[str, dict[str, set[str]]]:
        """The members of each audience as models, publication and log have them."""
        with warehouse_of(self.workspace) as warehouse:
            membership = warehouse.relation("audience_membership")
            log = warehouse.relation("audience_membership_log")
            models = {
                name: f"select profile_id from {warehouse.relation(f'audience_{name}')}"
                for name in self.files
            }
            published = {
                name: f"select profile_id from {membership} where audience = '{name}'" for name in self.files
            }
            logged = {
                name: f"select profile_id from {log} where audience = '{name}' group by profile_id"
                " having sum(case change when 'enter' then 1 else -1 end) = 1"
                for name in self.files
            }
            return {
                place: {name: _ids(warehouse.rows(sql)) for name, sql in queries.items()}
                for place, queries in (("models", models), ("published", published), ("log", logged))
            }

    def _land(self, loads: Sequence[Delivery]) -> None:
        self._landed += len(loads)
        self.deliveries += loads
        with warehouse_of(self.workspace) as warehouse:
            land(warehouse, loads)

    def _decide(self, decided: Sequence[Override]) -> None:
        self.overrides += decided
        with warehouse_of(self.workspace) as warehouse:
            decide(warehouse, decided)

    def _run(self, dbt: Dbt, as_of: datetime, *arguments: str) -> None:
        self.as_of = as_of
        variables = json.dumps({"segmentloom_as_of": as_of.isoformat()})
        done = dbt.run("build", "--vars", variables, *arguments)
        assert done.ok, done.output[-4000:]

    def _events(self, identity: Identity, who: Callable[[Identifier], str]) -> list[Event]:
        return [
            Event(
                who(owner),
                delivery.name,
                delivery.occurred_at,
                delivery.properties or {},
                delivery.source_id,
                delivery.event_id,
            )
            for delivery in accepted(self.deliveries)
            if delivery.name is not None and (owner := identity.owner_of[delivery.key]) is not None
        ]

    def _delivery(self, event_id: str, loaded_at: datetime, late: float) -> Delivery:
        person = self.random.randrange(self.persons)
        moment = self.generator.moment()
        if self.random.random() < late:
            moment -= timedelta(days=self.random.choice([1, 7, 14, 30]))
        known = self.random.random()
        email = f"p{person}@example.com" if self.random.random() < 0.2 else None
        is_identify = self.random.random() < 0.15
        bag = self.generator.bag()
        return Delivery(
            source_id=self.random.choice(["app", "web"]),
            event_id=event_id,
            type="identify" if is_identify else "track",
            event=None if is_identify else self.random.choice(EVENTS[:3]),
            occurred_at=moment,
            loaded_at=loaded_at,
            load_id=f"load{loaded_at.isoformat()}",
            line_number=int(event_id[1:]),
            user_id=f"u{person}" if known < 0.5 else None,
            anonymous_id=f"d{person}-{self.random.randrange(2)}" if known > 0.3 or not email else None,
            email=email,
            properties=None if is_identify else bag,
            traits={**bag, **({"email": email} if email else {})} if is_identify else None,
        )

    def _again(self, delivery: Delivery, loaded_at: datetime) -> Delivery:
        return replace(
            delivery,
            loaded_at=loaded_at,
            load_id=f"load{loaded_at.isoformat()}",
            properties=delivery.properties and self.generator.bag(),
        )


def _ids(rows: Iterable[Sequence[Any]]) -> set[str]:
    found = [str(row[0]) for row in rows]
    assert len(found) == len(set(found)), "somebody is there twice"
    return set(found)
