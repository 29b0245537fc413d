"""Who may write and send, and what a run's report says when its warehouse fails."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import Forbidden

from segmentloom_sync.destinations.http import CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS
from segmentloom_sync.errors import TryAgainLater, WarehouseAccessError, WarehouseError
from segmentloom_sync.sync.lease import LEASE, Holder, take_lease
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse import bigquery
from segmentloom_sync.warehouse.base import Statement, Warehouse
from tests.unit.sync.faults import FusedWarehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Shop, TestClock

OTHER = Holder(host="elsewhere", pid=1, name="other")


def overtake(warehouse: Warehouse, clock: TestClock, target: SyncTarget) -> None:
    clock.time += LEASE + timedelta(seconds=1)
    take_lease(warehouse, clock, target.key, OTHER)


def test_a_lease_with_the_token_of_another_holder_does_not_pass(shop: Shop, clock: TestClock) -> None:
    lease = take_lease(shop.warehouse, clock, "memory/Buyers")
    lease.check()
    with pytest.raises(TryAgainLater):
        replace(lease, holder=OTHER).check()


def test_rows_of_a_doubled_lease_get_one_token_above_all(shop: Shop, clock: TestClock) -> None:
    leases = shop.warehouse.relation("leases", "sync")
    for token in (1, 7):
        shop.warehouse.execute(
            f"insert into {leases} values ('memory/Buyers', '', '', 0, :token, :now, :now)",
            token=token,
            now=clock.now(),
        )
    assert take_lease(shop.warehouse, clock, "memory/Buyers").token == 8
    assert shop.warehouse.rows(f"select fencing_token from {leases}") == [(8,), (8,)]


@dataclass
class RecordingWarehouse(FusedWarehouse):
    """Remembers the first statement of each transaction."""

    firsts: list[str] = field(default_factory=list)

    def apply(self, statements: Sequence[Statement]) -> None:
        self.firsts += [statement.sql for statement in statements[:1]]
        super().apply(statements)


def test_every_transaction_begins_with_the_renewal_of_the_lease(
    shop: Shop, target: SyncTarget, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    recording = RecordingWarehouse(shop.warehouse)
    assert SyncRunner(recording, clock).run(target).message is None
    assert recording.firsts
    assert all("set expires_at" in first for first in recording.firsts)


def test_a_run_that_was_overtaken_sends_no_further_part_of_a_batch(
    shop: Shop, target: SyncTarget, platform: MemoryPlatform, runner: SyncRunner, clock: TestClock
) -> None:
    platform.refusal = "counted"
    shop.add("ann", "bob")
    shop.publish()
    platform.bad = shop.wanted()
    platform.before_push = lambda: overtake(shop.warehouse, clock, target)
    report = runner.run(target)
    assert report.status == "retry_later"
    assert len(platform.calls) == 1


def test_a_request_ends_before_the_lease_does() -> None:
    assert CONNECT_SECONDS + READ_SECONDS <= TOTAL_SECONDS
    assert LEASE.total_seconds() > TOTAL_SECONDS + READ_SECONDS


@dataclass
class FailingWarehouse(FusedWarehouse):
    """Raises at the statements that hold a text."""

    fails_at: str = ""
    error: Callable[[], Exception] = field(
        default=lambda: WarehouseError("the warehouse refused a statement")
    )

    def execute(self, sql: str, **parameters: Any) -> int:
        if self.fails_at in sql:
            raise self.error()
        return super().execute(sql, **parameters)


@pytest.mark.parametrize("error", [WarehouseError("no"), ValueError("ann@example.com")])
@pytest.mark.parametrize("fails_at", ["max(counted", "'running'", "finished_at = "])
def test_a_failure_of_the_warehouse_ends_in_the_report_and_frees_the_list(
    shop: Shop, target: SyncTarget, clock: TestClock, fails_at: str, error: Exception
) -> None:
    shop.add("ann")
    shop.publish()
    failing = FailingWarehouse(shop.warehouse, fails_at=fails_at, error=lambda: error)
    report = SyncRunner(failing, clock).run(target)
    assert (report.status, report.exit_code) == ("failed", 1)
    assert "ann" not in (report.message or "")
    assert SyncRunner(shop.warehouse, clock, holder=OTHER).run(target).status == "ok"


def test_a_refusal_of_the_warehouse_is_none_of_the_platform(
    shop: Shop, target: SyncTarget, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    failing = FailingWarehouse(
        shop.warehouse, fails_at="'running'", error=lambda: WarehouseAccessError("not allowed")
    )
    runner = SyncRunner(failing, clock)
    assert runner.run(target).exit_code == 2
    failing.fails_at = "nothing"
    assert runner.run(target).status == "ok"


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("quotaExceeded", TryAgainLater),
        ("rateLimitExceeded", TryAgainLater),
        ("accessDenied", WarehouseAccessError),
    ],
)
def test_a_quota_of_bigquery_is_no_matter_of_credentials(reason: str, error: type[Exception]) -> None:
    with pytest.raises(error), bigquery._refusals("a query"):
        raise Forbidden("no", errors=[{"reason": reason}])


@pytest.mark.skipif(not Path("/proc/sys/kernel/random/boot_id").exists(), reason="only Linux tells its start")
def test_machines_of_one_name_are_not_one_host() -> None:
    name, start, processes = Holder().host.split("/")

    assert name
    assert uuid.UUID(start)
    assert processes.startswith("pid:")
