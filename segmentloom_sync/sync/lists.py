"""Which list at the platform belongs to a target: found by name or created once, and remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from segmentloom_sync import terminal
from segmentloom_sync.destinations.base import AudienceList, Clock
from segmentloom_sync.destinations.marks import DescribesLists, Mark, mark_of, marked
from segmentloom_sync.errors import DestinationMissing, Rejected
from segmentloom_sync.sync import replacement_sql
from segmentloom_sync.sync.accounts import (
    kept_elsewhere,
    other_keeper,
    present_account,
    record_account,
    recorded_lists,
)
from segmentloom_sync.sync.environment import Binding, bound_to, environment_id, wrong_environment
from segmentloom_sync.sync.lease import Lease, take_lease
from segmentloom_sync.sync.retry import Attempts
from segmentloom_sync.sync.taken_over import send_anew, take_over
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse


def remembered_list(warehouse: Warehouse, target: SyncTarget) -> AudienceList | None:
    """The list as recorded, without asking the platform; of several, the one in the present account."""
    if present_account(target) is None:
        rows = warehouse.rows(
            f"""
            select
                list_id,
                recorded_at
            from {warehouse.relation("lists", "sync")}
            where
                destination = :destination
                and list_name = :list_name
            order by recorded_at desc
            """,
            destination=target.destination_name,
            list_name=target.list_name,
        )
        return _first_noted([(str(list_id), at) for list_id, at in rows], target)
    recorded = recorded_lists(warehouse, target)
    bound = [entry for entry in recorded if entry.account is not None]
    mine = [entry for entry in bound if entry.account == present_account(target)] if bound else recorded
    return _first_noted([(entry.id, entry.at) for entry in mine], target)


def _first_noted(recorded: Sequence[tuple[str, datetime]], target: SyncTarget) -> AudienceList | None:
    """The newest of some lists, with the first time that it was recorded: each binding records it again."""
    if not recorded:
        return None
    newest = recorded[0][0]
    return AudienceList(newest, target.list_name, min(at for list_id, at in recorded if list_id == newest))


def resolve_list(
    warehouse: Warehouse,
    clock: Clock,
    target: SyncTarget,
    lease: Lease,
    attempts: Attempts,
    binding: Binding | None = None,
) -> AudienceList:
    """The remembered list, else the platform's list of that name, else a new one.

    A list that was remembered is never looked up or created again: see `recreate_if_gone`.

    Args:
        binding: to whom the list is bound by that; None for nobody.

    Raises:
        ConfigError: another environment or another destination keeps the list in step.
        TryAgainLater: another destination's run is changing it.
    """
    known = remembered_list(warehouse, target)
    if known is not None:
        if binding is not None and _is_bound_anew(warehouse, target, known, binding):
            with _taken(warehouse, clock, target, lease, known, binding.by) as takeover:
                _mark(warehouse, clock, target, attempts, known, binding)
                _remember(warehouse, clock, target, lease, known, binding, takeover, is_created=False)
        return known
    return _find_or_create(warehouse, clock, target, lease, attempts, binding)


def recreate_if_gone(
    warehouse: Warehouse,
    clock: Clock,
    target: SyncTarget,
    lease: Lease,
    attempts: Attempts,
    binding: Binding | None = None,
) -> bool:
    """Make the remembered list anew if it is gone at the platform, and forget the old one with all it held.

    An answer of "gone" may also mean that the token has lost its access. So the account is read too, and
    nothing is forgotten before the new list is there.

    Returns:
        Whether it was made anew.

    Raises:
        Rejected: the account shows the list that is said to be gone.
        SegmentloomError: the account cannot be read, as the destination raises it.
    """
    known = remembered_list(warehouse, target)
    if known is None:
        return False
    destination = target.destination
    try:
        attempts.call(lambda: destination.match_rates(known))  # by its id: it may have been renamed
    except DestinationMissing:
        shown = attempts.call(lambda: destination.find_list(target.list_name))
    else:
        return False
    if shown is not None and shown.id == known.id:
        raise Rejected(
            f"{target.destination_name} says that the list '{target.list_name}' is gone, "
            "and its account shows it: nothing was forgotten",
            hint="check that the credentials have access to the list, or try again later",
            is_about_members=False,
        )
    forgetting = _forgetting(warehouse, target, lease, known.id, clock.now())
    _find_or_create(warehouse, clock, target, lease, attempts, binding, forgetting)
    return True


def _find_or_create(
    warehouse: Warehouse,
    clock: Clock,
    target: SyncTarget,
    lease: Lease,
    attempts: Attempts,
    binding: Binding | None,
    forgetting: Sequence[Statement] = (),
) -> AudienceList:
    """The platform's list of that name, or a new one, remembered.

    Args:
        forgetting: what is written together with that.
    """
    created = False

    def find_or_create() -> AudienceList:
        # Looked up before each attempt: a creation that timed out may have happened.
        nonlocal created
        attempts.heartbeat()
        found = target.destination.find_list(target.list_name)
        if found is not None:
            return found
        created = True
        return target.destination.create_list(target.list_name, target.identifier_types)

    audience_list = attempts.call(find_or_create)
    by = binding.by if binding is not None else None
    with _taken(warehouse, clock, target, lease, audience_list, by) as takeover:
        if binding is not None:
            _mark(warehouse, clock, target, attempts, audience_list, binding)
        before = [*forgetting, *takeover]
        _remember(warehouse, clock, target, lease, audience_list, binding, before, is_created=created)
    return AudienceList(audience_list.id, target.list_name, clock.now())


def _is_bound_anew(warehouse: Warehouse, target: SyncTarget, known: AudienceList, binding: Binding) -> bool:
    if binding.is_new(bound_to(warehouse, target)):
        return True
    present = present_account(target)
    newest = recorded_lists(warehouse, target)[0]
    return present is not None and (newest.id != known.id or newest.account != present)


@contextmanager
def _taken(
    warehouse: Warehouse,
    clock: Clock,
    target: SyncTarget,
    lease: Lease,
    audience_list: AudienceList,
    by: str | None,
) -> Iterator[list[Statement]]:
    """Keep others off a list while it is taken; yields what has to be written for it.

    Raises:
        ConfigError: another destination keeps it, and nobody takes it over.
        TryAgainLater: another destination's run is changing it.
    """
    present = present_account(target)
    newest = next(iter(recorded_lists(warehouse, target)), None)
    statements = []
    if present is not None and newest is not None and newest.account not in (None, present):
        terminal.warn(
            f"the list '{target.list_name}' in {newest.account} keeps its members, and nobody can be removed "
            "from it: delete it there"
        )
        if newest.id == audience_list.id:
            statements.append(send_anew(warehouse, target, newest.id, lease))
    keeper = other_keeper(warehouse, target, audience_list.id)
    if keeper is None:
        yield statements
        return
    if by is None:
        raise kept_elsewhere(target, keeper)
    others = take_lease(warehouse, clock, replace(target, destination_name=keeper).key, lease.holder)
    try:
        yield [*statements, *take_over(warehouse, target, audience_list.id, keeper, lease, clock.now())]
    finally:
        others.release()


def _mark(
    warehouse: Warehouse,
    clock: Clock,
    target: SyncTarget,
    attempts: Attempts,
    audience_list: AudienceList,
    binding: Binding,
) -> None:
    """Write at the platform whose the list is, where it keeps a text with lists.

    Raises:
        ConfigError: it says that the list is another environment's, and nobody takes it over.
    """
    destination = target.destination
    if not isinstance(destination, DescribesLists):
        return
    mine = Mark(binding.environment.target, environment_id(warehouse, binding.environment, clock.now()))
    try:
        description = attempts.call(lambda: destination.description(audience_list))
        found = mark_of(description)
        if found and found.environment_id != mine.environment_id and not binding.by:
            raise wrong_environment(target, f"another warehouse, target {found.target}", binding.environment)
        text = marked(description, mine)
        if text != description:
            attempts.call(lambda: destination.describe(audience_list, text))
    except Rejected as refused:
        terminal.warn(
            f"the list '{target.list_name}' at {target.destination_name} does not say whose it is: "
            f"{refused.message}"
        )


def _remember(
    warehouse: Warehouse,
    clock: Clock,
    target: SyncTarget,
    lease: Lease,
    audience_list: AudienceList,
    binding: Binding | None,
    before: Sequence[Statement],
    *,
    is_created: bool,
) -> None:
    given = {
        "destination": target.destination_name,
        "list_name": target.list_name,
        "list_id": audience_list.id,
        "audience": target.audience,
        "is_created": is_created,
        "recorded_at": clock.now(),
    }
    if binding is not None:
        given |= {"target": binding.environment.target, "place": binding.environment.place}
        given |= {"bound_by": binding.by} if binding.by else {}
    remember = Statement(
        f"""
        insert into {warehouse.relation("lists", "sync")} ({", ".join(given)})
        select {", ".join(f":{name}" for name in given)}
        from (select 1 as one) as single
        where {lease.condition}
        """,
        {**given, **lease.parameters},
    )
    account = record_account(warehouse, target, audience_list.id, lease)
    warehouse.apply([lease.renewal(), *before, remember, *account])


def _forgetting(
    warehouse: Warehouse, target: SyncTarget, lease: Lease, list_id: str, now: datetime
) -> list[Statement]:
    """What forgets a list that is gone at the platform, with all it held; a replacement of it has ended."""
    parameters = {"destination": target.destination_name, "list_id": list_id, **lease.parameters}
    deletions = [
        Statement(
            f"""
            delete from {warehouse.relation(table, "sync")}
            where
                destination = :destination
                and list_id = :list_id
                and {lease.condition}
            """,
            parameters,
        )
        for table in ("ledger", "lists", "accounts")
    ]
    names = {"replacements": warehouse.relation("replacements", "sync"), "lease": lease.condition}
    dropped = Statement(replacement_sql.DROP.format(**names), {**parameters, "now": now})
    return [dropped, *deletions]
