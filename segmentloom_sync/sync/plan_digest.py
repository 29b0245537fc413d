"""The fingerprint of a change, down to each identifier, and a sample of it by profile.

The fingerprint is keyed with the warehouse's secret, as suppressions are: nobody who has only the file can
test with it whether it is about somebody.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from segmentloom_sync.privacy.suppressed import digest
from segmentloom_sync.warehouse.base import Warehouse

SAMPLE_SIZE = 5
_ROWS_PER_BATCH = 50_000

# All that decides what is sent, in which batch and what the ledger says of it afterwards.
_ENTRY = """
    'plan:' || plan.action || ':' || plan.identifier_type || ':' || plan.identifier || ':'
    || coalesce(plan.member_key, '') || ':'
    || case when plan.is_private then 'private' else '' end || ':'
    || case when plan.may_hold then 'may hold' else '' end || ':'
    || coalesce(plan.prior_state, '') || ':' || coalesce(plan.overtaken_run_id, '') || ':'
    || coalesce(owners.ad_user_data_consent, '') || ':' || coalesce(owners.ad_personalization_consent, '')
"""

_DIGESTS = """
select {digest} as digest
from {relation} as plan
cross join {keys} as keys
left join {profiles} as owners on plan.member_key = owners.profile_id
where plan.action <> 'keep'
order by 1
"""

_SAMPLES = """
select
    members.action,
    members.member_key
from (
    select
        changing.action,
        changing.member_key,
        row_number() over (
            partition by changing.action
            order by changing.member_key
        ) as place
    from (
        select distinct
            plan.action,
            plan.member_key
        from {relation} as plan
        where plan.action in ('add', 'remove')
    ) as changing
) as members
where members.place <= :size
order by 1, 2
"""


def change_digest(warehouse: Warehouse, relation: str, parameters: Mapping[str, Any] | None = None) -> str:
    """Equal for equal changes only.

    Args:
        relation: a table made from `plan.delta` (rows to keep may be left out), or the query in brackets.
        parameters: those of the query.
    """
    query = _DIGESTS.format(
        digest=digest(warehouse, _ENTRY),
        relation=relation,
        keys=warehouse.relation("suppression_keys", "privacy"),
        profiles=warehouse.relation("profiles"),
    )
    total = sha256()
    for rows in warehouse.batches(query, _ROWS_PER_BATCH, **(parameters or {})):
        total.update("".join(rows.column(0).to_pylist()).encode())
    return total.hexdigest()


def sample(warehouse: Warehouse, relation: str) -> dict[str, tuple[str, ...]]:
    """The first few profiles that are added and removed, by their ids.

    Args:
        relation: as `change_digest` has it.
    """
    found: dict[str, list[str]] = {"add": [], "remove": []}
    for action, key in warehouse.rows(_SAMPLES.format(relation=relation), size=SAMPLE_SIZE):
        found[str(action)].append(str(key))
    return {action: tuple(keys) for action, keys in found.items()}
