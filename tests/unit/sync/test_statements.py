"""What a sync reads: hashes and digests, no identifiers; the relations that docs/sync.md grants its role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from segmentloom_sync.identity.find_profile import IDENTITY_MAP
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.warehouse.duckdb import DuckDb
from segmentloom_sync.warehouse.duckdb_open import SCRATCH
from tests.unit.sync.logged_shop import LoggedShop
from tests.unit.sync.memory_platform import MemoryPlatform, OneDestination, buyers
from tests.unit.sync.removing import remove_opt_outs
from tests.unit.sync.shop import TestClock, email
from tests.workspace import REPOSITORY


@dataclass
class Listening:
    """A connection that keeps what is asked of it."""

    connection: Any
    heard: list[str] = field(default_factory=list)

    def execute(self, sql: str, values: Any = None) -> Any:
        self.heard.append(f"{sql} {values or ''}")
        return self.connection.execute(sql, values) if values is not None else self.connection.execute(sql)

    def sql(self, sql: str) -> Any:
        self.heard.append(sql)
        return self.connection.sql(sql)

    def cursor(self) -> Listening:
        return Listening(self.connection.cursor(), self.heard)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


@pytest.fixture(scope="module")
def heard() -> Iterator[tuple[list[str], str]]:
    """The statements of runs before and after requests, and the key of these."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"attach ':memory:' as {SCRATCH}")
    listening = Listening(connection)
    clock, platform = TestClock(), MemoryPlatform()
    shop = LoggedShop(DuckDb(connection, "segmentloom", lambda: None), clock)
    shop.prepare()
    shop.add("ann", "bob", "cat", "dan", "eve", "fay", "gil", "hal")
    shop.build()
    runner = SyncRunner(DuckDb(listening, "segmentloom", lambda: None), clock)
    target = buyers(platform)
    assert runner.run(target).status == "ok"
    shop.request("opt_out", "user_id:ann")  # found by the request itself
    forget_identifiers(shop)
    assert runner.run(target).status == "ok"
    assert email("ann") not in platform.members
    restore_identifiers(shop)
    shop.add("ida")
    shop.build()
    shop.request("opt_out", "user_id:bob")  # found by the digests of the build
    forget_identifiers(shop)
    [report] = remove_opt_outs(runner, OneDestination("memory", platform), [], ())
    assert (report.status, report.removes) == ("ok", 1)
    assert email("bob") not in platform.members
    assert runner.run(target).status == "ok"
    restore_identifiers(shop)
    shop.people["cat"].is_member = False
    shop.publish()  # without a change of profiles: only who was touched is looked at
    forget_identifiers(shop)
    assert runner.run(target).status == "ok"
    assert runner.plan(target).adds == 0
    assert platform.members == {email(name) for name in ("dan", "eve", "fay", "gil", "hal", "ida")}
    [(key,)] = shop.warehouse.rows("select secret_key from segmentloom_privacy.suppression_keys")
    yield listening.heard, str(key)
    connection.close()


def forget_identifiers(shop: LoggedShop) -> None:
    """Nobody who is not granted them could read them either."""
    shop.clock.time += timedelta(minutes=1)
    for name in ("identifiers", IDENTITY_MAP):
        shop.warehouse.execute(f"drop table {shop.warehouse.relation(name)}")


def restore_identifiers(shop: LoggedShop) -> None:
    LoggedShop.prepare(shop)


def test_no_statement_has_an_identifier_or_a_key(heard: tuple[list[str], str]) -> None:
    statements, key = heard
    assert sum("int_segmentloom__identifier_digests" in text for text in statements) > 3
    for text in statements:
        assert key not in text
        assert "example.com" not in text
        assert "user_id:" not in text


def test_the_relations_are_those_that_the_docs_grant(heard: tuple[list[str], str]) -> None:
    pattern = re.compile(r'\b"?segmentloom(_\w+)?"?\."?(\w+)"?')
    read = {
        f"S{area or ''}.{name}"
        for text in heard[0]
        for area, name in pattern.findall(text)
        if area in {"", "_privacy"}
    }
    granted = documented(REPOSITORY / "docs" / "sync.md")
    assert read == granted


def documented(page: Path) -> set[str]:
    """The relations that the page grants to the role of the sync."""
    text = page.read_text()
    section = text.partition("\n## The role of the sync\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`(S(?:_privacy)?\.\w+)`", section.partition("\n\n`dbt`")[0]))
