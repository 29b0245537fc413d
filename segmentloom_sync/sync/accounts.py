"""Which account a list belongs to, and which destination of the settings keeps it.

A list is known by the name of its destination in segmentloom.yml. What stands behind the name may change, to
another account, and so may the name: neither may send people into a list that is not meant, nor start a
second ledger for one that has a ledger. A person may move a list deliberately.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from segmentloom_sync.destinations.accounts import account_of
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.sync.lease import Lease
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse


class Account(NamedTuple):
    """An account of a platform."""

    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.type} account {self.name}"


class RecordedList(NamedTuple):
    """A list as recorded; the account is None where it is not known yet."""

    id: str
    account: Account | None
    at: datetime


def present_account(target: SyncTarget) -> Account | None:
    """The account that the destination is for; None where it names none."""
    name = account_of(target.destination)
    return None if name is None else Account(target.destination.type, name)


def recorded_lists(warehouse: Warehouse, target: SyncTarget) -> list[RecordedList]:
    """All lists that ever were the target's, of whatever account, the newest first."""
    rows = warehouse.rows(
        f"""
        select
            lists.list_id,
            accounts.destination_type,
            accounts.account,
            lists.recorded_at
        from {warehouse.relation("lists", "sync")} as lists
        left join {warehouse.relation("accounts", "sync")} as accounts
            on
                lists.destination = accounts.destination
                and lists.list_id = accounts.list_id
        where
            lists.destination = :destination
            and lists.list_name = :list_name
        order by lists.recorded_at desc
        """,
        destination=target.destination_name,
        list_name=target.list_name,
    )
    return [
        RecordedList(str(list_id), Account(str(kind), str(name)) if name is not None else None, at)
        for list_id, kind, name, at in rows
    ]


def check_account(warehouse: Warehouse, target: SyncTarget, by: str | None) -> None:
    """Refuse a list of another account than the one that the destination is for now.

    Args:
        by: the person who lets the target have a list of that account; None when nobody does.

    Raises:
        ConfigError: it is of another account.
    """
    present = present_account(target)
    if present is None or by is not None:
        return
    newest = next(iter(recorded_lists(warehouse, target)), None)
    if newest is not None and newest.account not in (None, present):
        raise ConfigError(
            f"the list '{target.list_name}' at {target.destination_name} is in {newest.account}, and "
            f"{target.destination_name} is {present} now: nobody was added or removed",
            hint="name the former account again, or give the new one a destination of its own; if the list "
            "of that name in the new account is to be filled and the former one left as it is: "
            f"segmentloom-sync run {target.audience} --rebind --by YOUR_NAME",
        )


def other_keeper(warehouse: Warehouse, target: SyncTarget, list_id: str) -> str | None:
    """The other destination of the settings, present or former, that keeps a list; None where none does."""
    present = present_account(target)
    if present is None:
        return None
    rows = warehouse.rows(
        f"""
        select min(accounts.destination) as destination
        from {warehouse.relation("accounts", "sync")} as accounts
        where
            accounts.destination_type = :type
            and accounts.account = :account
            and accounts.list_id = :list_id
            and accounts.destination <> :destination
        """,
        type=present.type,
        account=present.name,
        list_id=list_id,
        destination=target.destination_name,
    )
    return str(rows[0][0]) if rows and rows[0][0] is not None else None


def kept_elsewhere(target: SyncTarget, keeper: str) -> ConfigError:
    """The error of a list that another destination keeps."""
    return ConfigError(
        f"the list '{target.list_name}' of {target.destination_name} is the one that the destination "
        f"'{keeper}' keeps in step: both are {present_account(target)}",
        hint=f"name the destination '{keeper}', or another list; if '{keeper}' was renamed, or is to give "
        f"the list away: segmentloom-sync run {target.audience} --rebind --by YOUR_NAME",
    )


def record_account(warehouse: Warehouse, target: SyncTarget, list_id: str, lease: Lease) -> list[Statement]:
    """Statements that write which account a list is in, in place of what was said of it before."""
    present = present_account(target)
    if present is None:
        return []
    accounts = warehouse.relation("accounts", "sync")
    given = {
        "destination": target.destination_name,
        "list_id": list_id,
        "destination_type": present.type,
        "account": present.name,
    }
    forget = Statement(
        f"""
        delete from {accounts}
        where
            destination = :destination
            and list_id = :list_id
            and {lease.condition}
        """,
        {**given, **lease.parameters},
    )
    write = Statement(
        f"""
        insert into {accounts} ({", ".join(given)})
        select {", ".join(f":{name}" for name in given)}
        from (select 1 as one) as single
        where {lease.condition}
        """,
        {**given, **lease.parameters},
    )
    return [forget, write]
