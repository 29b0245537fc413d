"""One run at a time per list: a lease whose fencing token keeps a run that was overtaken from writing."""

from __future__ import annotations

import os
import platform
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import TryAgainLater
from segmentloom_sync.warehouse.base import Statement, Warehouse

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease: a process of a host."""

    host: str = field(default_factory=lambda: _host())
    pid: int = field(default_factory=os.getpid)
    name: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(slots=True)
class Lease:
    """The right to change one list, taken with `take_lease`."""

    warehouse: Warehouse
    clock: Clock
    key: str
    holder: Holder
    token: int

    def renew(self) -> None:
        """Hold it for another 60 seconds.

        Raises:
            TryAgainLater: another run has taken it over in the meantime.
        """
        renewal = self.renewal()
        if self.warehouse.execute(renewal.sql, **renewal.parameters) == 0:
            raise self._overtaken()

    def renewal(self) -> Statement:
        """What `renew` does. First in a transaction, it keeps others out until the end of it."""
        return Statement(
            f"""
            update {_table(self.warehouse)}
            set expires_at = :expires_at
            where lease_key = :lease_key and holder = :holder and fencing_token = :token
            """,
            {"expires_at": self.clock.now() + LEASE, **self.parameters},
        )

    def check(self) -> None:
        """Make sure that it is still ours.

        Raises:
            TryAgainLater: another run has taken it over in the meantime.
        """
        held = f"select one from (select 1 as one) as single where {self.condition}"
        if not self.warehouse.rows(held, **self.parameters):
            raise self._overtaken()

    def release(self) -> None:
        """Give it back; harmless when another run has it by now."""
        self.warehouse.execute(
            f"""
            update {_table(self.warehouse)}
            set expires_at = :now
            where lease_key = :lease_key and holder = :holder and fencing_token = :token
            """,
            now=self.clock.now(),
            **self.parameters,
        )

    def _overtaken(self) -> TryAgainLater:
        return TryAgainLater(
            f"another run has taken over {self.key}", hint="it goes on from the ledger; nothing is lost"
        )

    @property
    def condition(self) -> str:
        """SQL that is false once another run has taken the lease: part of every write."""
        return (
            f"exists (select 1 from {_table(self.warehouse)} as leases "
            "where leases.lease_key = :lease_key and leases.holder = :holder "
            "and leases.fencing_token = :token)"
        )

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What `condition` needs."""
        return {"lease_key": self.key, "holder": self.holder.name, "token": self.token}


def take_lease(warehouse: Warehouse, clock: Clock, key: str, holder: Holder | None = None) -> Lease:
    """Take the lease of a list.

    An expired lease is free, and one whose process is gone on this host is free at once.

    Raises:
        TryAgainLater: another run has it.
    """
    holder = holder or Holder()
    table = _table(warehouse)
    now = clock.now()
    if not warehouse.rows(f"select 1 from {table} where lease_key = :lease_key", lease_key=key):
        # Two runs may both insert: harmless, since the update below takes all rows of the key or none.
        warehouse.execute(
            f"""
            insert into {table} (lease_key, holder, host, pid, fencing_token, taken_at, expires_at)
            values (:lease_key, '', '', 0, 0, :now, :now)
            """,
            lease_key=key,
            now=now,
        )
    dead = _dead_holder(warehouse, key, holder)
    warehouse.execute(
        f"""
        update {table}
        set
            holder = :holder,
            host = :host,
            pid = :pid,
            fencing_token = (
                select max(counted.fencing_token) + 1
                from {table} as counted
                where counted.lease_key = :lease_key
            ),
            taken_at = :now,
            expires_at = :expires_at
        where
            lease_key = :lease_key
            and not exists (
                select 1
                from {table} as others
                where
                    others.lease_key = :lease_key
                    and others.expires_at > :now
                    and others.holder <> :dead
            )
        """,
        holder=holder.name,
        host=holder.host,
        pid=holder.pid,
        now=now,
        expires_at=now + LEASE,
        lease_key=key,
        dead=dead,
    )
    current = warehouse.rows(
        f"select holder, fencing_token, host, pid from {table} where lease_key = :lease_key order by 2 desc",
        lease_key=key,
    )
    name, token, host, pid = current[0]
    if name != holder.name:
        raise TryAgainLater(
            f"another run is changing {key} (process {pid} on {host.partition('/')[0]})",
            hint="wait until it has ended; a lease whose process has died is free after 60 seconds at most",
        )
    return Lease(warehouse, clock, key, holder, int(token))


def _dead_holder(warehouse: Warehouse, key: str, holder: Holder) -> str:
    """The name of a holder whose process ran on our host and is gone; empty when there is none."""
    for name, host, pid in warehouse.rows(
        f"select holder, host, pid from {_table(warehouse)} where lease_key = :lease_key", lease_key=key
    ):
        if host == holder.host and not _is_alive(int(pid)):
            return str(name)
    return ""


def _is_alive(pid: int) -> bool:
    if os.name == "nt":  # no signal 0 there: os.kill would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _host() -> str:
    """The host, and on Linux which start of it and which of its process numberings.

    Machines made from one image may share a name, and containers a machine; neither share processes.
    """
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return f"{platform.node()}/"
    return f"{platform.node()}/{start}/{space}"


def _table(warehouse: Warehouse) -> str:
    return warehouse.relation("leases", "sync")
