"""A shop whose events, people and audiences change from build to build, and who is in each audience then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import yaml

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.project import ProjectFolder
from tests.killable_dbt import KillableDbt
from tests.oracles.audience_generator import AS_OF, EVENTS, Generator
from tests.oracles.audiences import Event, World
from tests.oracles.build import warehouse_of
from tests.oracles.chronicle import decide
from tests.oracles.events import Delivery, accepted
from tests.oracles.histories import unmerges
from tests.oracles.identity import Identity, Rules, stitch
from tests.oracles.landed import land
from tests.oracles.overrides import Override, suppressed_links
from tests.workspace import Workspace

BASE: dict[str, dict[str, Any]] = {
    "staff": {"match": {"trait": "plan", "in": ["free", "Free", 5]}},
    "buyers": {"match": {"event": "Order Completed", "within": "30 days"}},
}
"""The audiences that the generator's conditions name."""


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

    def ask(self, files: dict[str, dict[str, Any]]) -> None:
        """Have these audiences and no others."""
        self.files = files
        for path in (self.workspace.path / "audiences").glob("*.yml"):
            path.unlink()
        for name, file in files.items():
            self.workspace.audience(name, yaml.dump(file, Dumper=_WithoutAliases, allow_unicode=True))
        compile_audiences(ProjectFolder.find(self.workspace.path))

    def more_audiences(self, count: int) -> dict[str, dict[str, Any]]:
        """So many random ones beside those that others name."""
        first = len(self.files)
        return {
            **BASE,
            **self.files,
            **{f"a{first + number}": self.generator.file() for number in range(count)},
        }

    def land(self, count: int, at: datetime, *, late: float = 0.3) -> None:
        """Land random events that happened around a time, some of them long before, as one load."""
        number = len(self.deliveries)
        self.generator.as_of = at
        loaded = AS_OF + timedelta(seconds=number)
        new = [self._delivery(f"m{number + place}", loaded, late) for place in range(count)]
        # Deliveries that come again, some as other than they were: the first load's count.
        again = self.random.sample(self.deliveries, min(len(self.deliveries), 3))
        loads = [*new, *(self._again(delivery, loaded) for delivery in again)]
        self.deliveries += loads
        with warehouse_of(self.workspace) as warehouse:
            land(warehouse, loads)

    def displace(self, count: int) -> None:
        """Land a load that says it came before all others: its deliveries count in place of later ones."""
        early = AS_OF - timedelta(days=1) - timedelta(seconds=len(self.deliveries))
        chosen = self.random.sample(accepted(self.deliveries), count)
        loads = [self._again(delivery, early) for delivery in chosen]
        self.deliveries += loads
        with warehouse_of(self.workspace) as warehouse:
            land(warehouse, loads)

    @property
    def identity(self) -> Identity:
        """Who is who."""
        return stitch(accepted(self.deliveries), Rules(), suppressed_links(self.overrides))

    def unmerge(self, count: int) -> None:
        """Take some merges back."""
        decided = unmerges(self.identity, count, self.random)
        self.overrides += decided
        with warehouse_of(self.workspace) as warehouse:
            decide(warehouse, decided)

    def build(self, dbt: KillableDbt, as_of: datetime, *arguments: str) -> None:
        """Build everything as of a time, without the tests of what audiences are made of."""
        self.as_of = as_of
        variables = json.dumps({"segmentloom_as_of": as_of.isoformat()})
        elsewhere = [f"resource_type:test,segmentloom.{folder}" for folder in ("events", "identity", "sync")]
        done = dbt.run(
            "build", "--vars", variables, *arguments, "--exclude", "resource_type:unit_test", *elsewhere
        )
        assert done.ok, done.output[-4000:]

    def world(self) -> World:
        """What plain Python says of everything that was landed and decided."""
        events = accepted(self.deliveries)
        identity = self.identity
        counted = [
            Event(
                identity.profile_of[owner],
                delivery.name,
                delivery.occurred_at,
                delivery.properties or {},
                delivery.source_id,
                delivery.event_id,
            )
            for delivery in events
            if delivery.name is not None and (owner := identity.owner_of[delivery.key]) is not None
        ]
        traits = {profile.profile_id: profile.traits for profile in identity.profiles.values()}
        bare = World(traits, counted, self.as_of, {})
        named = {
            name: frozenset(bare.members(file, name)) for name, file in BASE.items() if name in self.files
        }
        return World(traits, counted, self.as_of, named)

    def expected(self) -> dict[str, set[str]]:
        """The members of each audience."""
        world = self.world()
        return {name: world.members(file, name) for name, file in self.files.items()}

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

    def conditions(self) -> list[tuple[Any, ...]]:
        """For whom each condition holds, to be compared with what a full refresh says."""
        with warehouse_of(self.workspace) as warehouse:
            return sorted(
                warehouse.rows(f"select * from {warehouse.relation('int_segmentloom__conditions')}")
            )

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
