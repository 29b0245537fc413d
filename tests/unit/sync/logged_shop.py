"""A shop that keeps a log of its members, and plans that are held against the comparison of everybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from segmentloom_sync.sync.intent import make_plan
from segmentloom_sync.sync.plan import delta
from segmentloom_sync.sync.sendable import Sendable
from segmentloom_sync.sync.session import SyncSession
from segmentloom_sync.warehouse.base import Columns, Statement, Warehouse
from tests.unit.sync.account import Account
from tests.unit.sync.shop import AUDIENCE, Shop

CHANGING = "identifier_type, identifier, member_key, action, is_wanted, is_private, prior_state, may_hold"
LOG: Columns = {
    "audience": "string",
    "profile_id": "string",
    "change": "string",
    "changed_at": "timestamp",
}
PROBLEMS: Columns = {"profile_id": "string", "identifier_type": "string", "problem": "string"}


@dataclass
class LoggedShop(Shop):
    """A shop whose publications keep the log of its members, as dbt's do."""

    entered: dict[str, datetime] = field(default_factory=dict)
    builds: int = 0

    def prepare(self) -> None:
        super().prepare()
        self.account = Account(self.warehouse)
        self.warehouse.ensure_table("audience_membership", "", {"entered_at": "timestamp"})
        self.warehouse.ensure_table("audience_membership_log", "", LOG)
        self.warehouse.ensure_table("identifier_problems", "", PROBLEMS)

    def build(self) -> None:
        """Publish, and keep account of profiles that changed."""
        self.builds += 1
        self.account.profiles_change(self.builds, at=self.clock.now())
        self.publish()

    def publish(self) -> None:
        self.clock.time += timedelta(minutes=1)
        super().publish()
        members = {name for name, person in self.people.items() if person.is_member}
        moves = {name: "exit" for name in self.entered.keys() - members}
        moves |= {name: "enter" for name in members - self.entered.keys()}
        self.entered = {name: self.entered.get(name, self.clock.now()) for name in members}
        membership = self.warehouse.relation("audience_membership")
        log = self.warehouse.relation("audience_membership_log")
        for name, at in self.entered.items():
            self.warehouse.execute(
                f"update {membership} set entered_at = :at where profile_id = :name", at=at, name=name
            )
        for name, change in moves.items():
            self.warehouse.execute(
                f"insert into {log} values (:audience, :name, :change, :at)",
                audience=AUDIENCE,
                name=name,
                change=change,
                at=self.clock.now(),
            )


@dataclass
class Compared:
    """Plans, each beside the comparison of everybody.

    Attributes:
        looks: for each run whether it looked at what changed only.
    """

    looks: list[bool] = field(default_factory=list)

    def make_plan(self, session: SyncSession, sendable: Sendable, moved: str | None = None) -> str:
        warehouse, target = session.warehouse, session.target
        query = delta(warehouse, target, session.audience_list.id, session.clock.now())
        everybody = _rows(warehouse, f"({query.sql})", query)
        plan = make_plan(session, sendable, moved)
        assert _rows(warehouse, plan, Statement("")) == everybody
        self.looks.append(moved is not None)
        return plan


def _rows(warehouse: Warehouse, relation: str, query: Statement) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        f"select {CHANGING} from {relation} as plan where action <> 'keep' order by 1, 2", **query.parameters
    )
