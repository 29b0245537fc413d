"""Which environment a list is bound to: the dbt target and the place of the tables that first synced it.

Development and production often share a configuration, and so the accounts of the platforms. A list is kept
in step by one environment; another one is refused, until a person binds the list anew.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse


@dataclass(frozen=True, slots=True)
class Environment:
    """A dbt target and where its sync tables are.

    Attributes:
        target: the target's name.
        place: database and schema of the sync's tables, e.g. `shop.segmentloom_sync`.
    """

    target: str
    place: str

    def __str__(self) -> str:
        return f"target {self.target} ({self.place})"


@dataclass(frozen=True, slots=True)
class Binding:
    """To what a run binds the lists that it syncs.

    Attributes:
        by: the person who takes lists over from other environments; None when nobody does.
    """

    environment: Environment
    by: str | None = None

    def is_new(self, bound: Environment | None) -> bool:
        """Whether a list that is bound so has to be bound anew; another environment's only by a person."""
        return bound is None or (bound != self.environment and self.by is not None)


def environment_of(warehouse: Warehouse, target_name: str) -> Environment:
    """The environment of a connection, by the name of its dbt target."""
    relation = re.sub(r'["`]', "", warehouse.relation("lists", "sync"))
    return Environment(target_name, relation.rpartition(".")[0])


def environment_id(warehouse: Warehouse, environment: Environment, now: datetime) -> str:
    """What tells this warehouse and schema from every other one, a copy of it too; made once, then kept."""
    table = warehouse.relation("environments", "sync")
    warehouse.execute(
        f"""
        insert into {table} (environment_id, place, recorded_at)
        select :environment_id, :place, :now
        from (select 1 as one) as single
        where not exists (select 1 from {table} as others where others.place = :place)
        """,
        environment_id=uuid.uuid4().hex[:12],
        place=environment.place,
        now=now,
    )
    [(known,), *_] = warehouse.rows(
        f"select environment_id from {table} where place = :place order by recorded_at, environment_id",
        place=environment.place,
    )
    return str(known)


def bound_to(warehouse: Warehouse, target: SyncTarget) -> Environment | None:
    """The environment that a list is bound to; None for a list that is not, or not yet known."""
    rows = warehouse.rows(
        f"""
        select
            target,
            place
        from {warehouse.relation("lists", "sync")}
        where
            destination = :destination
            and list_name = :list_name
        order by recorded_at desc
        limit 1
        """,
        destination=target.destination_name,
        list_name=target.list_name,
    )
    return Environment(str(rows[0][0]), str(rows[0][1])) if rows and rows[0][0] is not None else None


def check_bound(warehouse: Warehouse, target: SyncTarget, binding: Binding) -> None:
    """Refuse a list that another environment keeps in step, unless a person takes it over.

    Raises:
        ConfigError: it is bound to another one.
    """
    bound = bound_to(warehouse, target)
    if bound is not None and bound != binding.environment and binding.by is None:
        raise wrong_environment(target, str(bound), binding.environment)


def wrong_environment(target: SyncTarget, owner: str, environment: Environment) -> ConfigError:
    """The error of a list that is somebody else's."""
    return ConfigError(
        f"the list '{target.list_name}' at {target.destination_name} is kept in step by {owner}, "
        f"and this is {environment}",
        hint="take the other target or another account; if the list is to move here: "
        f"segmentloom-sync run {target.audience} --rebind --by YOUR_NAME",
    )
