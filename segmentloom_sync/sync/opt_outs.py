"""Lists that a run does not take otherwise: who refused leaves them all the same, with every run.

Which lists hold somebody who refused is asked in one query; no lease is taken and no platform is asked where
there is nobody.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.errors import ConfigError, SegmentloomError
from segmentloom_sync.privacy.suppressed import has_suppressions
from segmentloom_sync.sync.accounts import check_account
from segmentloom_sync.sync.environment import Environment
from segmentloom_sync.sync.opted_out_sql import OF_ANY_RULE, opted_out
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.runs import RunReport
from segmentloom_sync.sync.turns import Turn
from segmentloom_sync.sync.unfollowed import Destinations, UnfollowedList, unfollowed_target
from segmentloom_sync.warehouse.base import Warehouse

Place = tuple[str, str]
"""Destination and name of a list."""

# Of a list that was bound anew the newest row counts. A name that went to another account has a list in each.
_KNOWN = """
select
    numbered.destination,
    numbered.list_name,
    numbered.list_id,
    numbered.audience,
    numbered.target,
    numbered.place,
    numbered.age = 1 as is_current
from (
    select
        lists.*,
        row_number() over (
            partition by lists.destination, lists.list_name
            order by lists.recorded_at desc
        ) as age,
        row_number() over (
            partition by lists.destination, lists.list_name, lists.list_id
            order by lists.recorded_at desc
        ) as age_of_list
    from {lists} as lists
) as numbered
where numbered.age_of_list = 1
order by 1, 2, 3
"""

# As the plan judges it, for all lists at once. What can never have been on a list needs no removal, and one
# that is under way is looked at, as it may have to be repeated.
_HOLDING = """
with

held as (

    select
        ledger.destination,
        ledger.list_id,
        ledger.member_key,
        ledger.identifier_type,
        ledger.identifier
    from {ledger} as ledger
    where
        ledger.destination || '/' || ledger.list_id in ({places})
        and (coalesce(ledger.may_hold, true) or ledger.state not in ('rejected', 'pending'))

),

{opted_out}
refusing_owners as (

    select opted_out_profiles.profile_id
    from opted_out_profiles

    union all

    select profiles.profile_id
    from {profiles} as profiles
    where
        profiles.ad_user_data_consent = 'denied'
        or profiles.ad_personalization_consent = 'denied'

)

select distinct
    held.destination,
    held.list_id
from held
inner join (select distinct profile_id from refusing_owners) as refusing
    on held.member_key = refusing.profile_id

union all

select distinct
    held.destination,
    held.list_id
from held
inner join opted_out as refused
    on
        held.identifier_type = refused.identifier_type
        and held.identifier = refused.identifier
"""

_LISTED = "select held.member_key, held.identifier_type, held.identifier from held"


@dataclass(frozen=True, slots=True)
class KnownList:
    """A list as recorded.

    Attributes:
        bound_to: the environment that keeps it in step; None while it is not bound.
        is_current: False for one in an account that its destination was for formerly.
    """

    audience: str
    destination_name: str
    list_name: str
    list_id: str
    bound_to: Environment | None
    is_current: bool = True

    @property
    def place(self) -> Place:
        """What tells it from other lists."""
        return self.destination_name, self.list_name


def opt_out_turns(
    runner: SyncRunner, settings: Destinations, everybody: Iterable[Audience], taken: Collection[Place]
) -> Iterator[Turn]:
    """Remove those who refused from all lists of this target that the run does not take otherwise.

    Who is merely in no table any more stays: those tables may be wrong, which nobody has checked here.

    Args:
        everybody: all valid audiences, which name the lists that they fill.
        taken: the lists that the run has seen to.

    Yields:
        One for each list that may hold somebody; it reports where there was something to do, done or not.
    """
    audiences = {
        (spec.destination, spec.list_name): audience.name for audience in everybody for spec in audience.sync
    }
    for entry in lists_with_refusals(runner.warehouse, _mine(runner, taken)):
        named = UnfollowedList(
            audiences.get(entry.place, entry.audience), entry.destination_name, entry.list_name
        )
        yield Turn(entry.destination_name, partial(_remove, runner, settings, entry, named))


def _remove(
    runner: SyncRunner,
    settings: Destinations,
    entry: KnownList,
    named: UnfollowedList,
    earlier: RunReport | None,
) -> list[RunReport]:
    try:
        target = unfollowed_target(named, settings, runner.clock)
        if not entry.is_current:
            raise ConfigError(f"it is in an account that {entry.destination_name} is no longer")
        check_account(runner.warehouse, target, None)
    except ConfigError as error:
        return [_stuck(entry, error)]
    # The operator's consent is no refusal of a person's: it waits for the audience's own run.
    target = replace(target, only_opt_outs=True, trusts_absence=False, consent_rule="not_denied")
    return worth_telling(runner.run(target, earlier=earlier))


def worth_telling(report: RunReport) -> list[RunReport]:
    """The report of a list that was only looked through for opt-outs, if there was something to do."""
    return [report] if report.removes or report.status != "ok" else []


def stuck_reports(warehouse: Warehouse, entry: UnfollowedList, error: ConfigError) -> list[RunReport]:
    """The failure of a list that may hold somebody who refused and at which nobody can be removed.

    Args:
        error: why nobody can.

    Returns:
        Nothing where nobody on it refused.
    """
    known = [known for known in known_lists(warehouse) if known.place == entry.place and known.is_current]
    return [_stuck(found, error) for found in lists_with_refusals(warehouse, known)]


def _stuck(entry: KnownList, error: ConfigError) -> RunReport:
    report = RunReport(
        run_id=uuid.uuid4().hex,
        audience=entry.audience,
        destination=entry.destination_name,
        list_name=entry.list_name,
        only_opt_outs=True,
    )
    report.ends(
        "failed",
        f"somebody who opted out cannot be removed from the list '{entry.list_name}' at "
        f"{entry.destination_name}: {error.message}",
        "name the destination again as it was; if the list was deleted there, delete the rows of "
        f"destination '{entry.destination_name}' and list_id '{entry.list_id}' from S_sync.ledger",
        exit_code=error.exit_code,
    )
    return report


def _mine(runner: SyncRunner, taken: Collection[Place]) -> list[KnownList]:
    """The lists that this target keeps in step, or nobody does, without those that the run has seen to."""
    environment = runner.binding.environment if runner.binding else None
    return [
        entry
        for entry in known_lists(runner.warehouse)
        if (entry.place not in taken or not entry.is_current)
        and (environment is None or entry.bound_to is None or entry.bound_to == environment)
    ]


def known_lists(warehouse: Warehouse) -> list[KnownList]:
    """All lists that were ever synced, by destination and name."""
    rows = warehouse.rows(_KNOWN.format(lists=warehouse.relation("lists", "sync")))
    return [
        KnownList(
            str(audience),
            str(destination),
            str(name),
            str(list_id),
            Environment(str(target), str(place)) if target is not None else None,
            bool(is_current),
        )
        for destination, name, list_id, audience, target, place, is_current in rows
    ]


def lists_with_refusals(warehouse: Warehouse, lists: Sequence[KnownList]) -> list[KnownList]:
    """Those of some lists that may hold somebody who opted out or denied consent.

    Where the warehouse cannot tell, it is all of them: each run then says what is wrong with its list.
    """
    if not lists:
        return []
    try:
        holding = _holding(warehouse, lists)
    except SegmentloomError:
        return list(lists)
    return [entry for entry in lists if (entry.destination_name, entry.list_id) in holding]


def _holding(warehouse: Warehouse, lists: Sequence[KnownList]) -> set[tuple[str, str]]:
    places = {
        f"place_{number}": f"{entry.destination_name}/{entry.list_id}" for number, entry in enumerate(lists)
    }
    sql = _HOLDING.format(
        profiles=warehouse.relation("profiles"),
        ledger=warehouse.relation("ledger", "sync"),
        places=", ".join(f":{name}" for name in places),
        opted_out=opted_out(warehouse, _LISTED, which=OF_ANY_RULE, asks_requests=has_suppressions(warehouse)),
    )
    return {(str(destination), str(list_id)) for destination, list_id in warehouse.rows(sql, **places)}
