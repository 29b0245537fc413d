"""The parts of the plan that ask whom requests bar."""

from __future__ import annotations

from collections.abc import Mapping

from segmentloom_sync.privacy.suppressed import has_suppressions, suppressed_hashes, suppressed_profiles
from segmentloom_sync.warehouse.base import Warehouse

# Digests are dear: only of those who are, or may be, on the list, and of who shares an identifier with them.
_CONCERNED = """
concerned_hashes as (

    select distinct
        listed.identifier_type,
        listed.identifier
    from (
        select
            hashed.identifier_type,
            hashed.identifier
        from {hashed_identifiers} as hashed
        inner join members on hashed.profile_id = members.profile_id
        where hashed.hash_rule = :hash_rule

        union all

        select
            ledger.identifier_type,
            ledger.identifier
        from {ledger} as ledger
        where
            ledger.destination = :destination
            and ledger.list_id = :list_id
    ) as listed

),

concerned as (

    select members.profile_id
    from members

    union all

    select ledger.member_key
    from {ledger} as ledger
    where
        ledger.destination = :destination
        and ledger.list_id = :list_id

    union all

    select hashed.profile_id
    from {hashed_identifiers} as hashed
    inner join concerned_hashes as listed
        on
            hashed.identifier_type = listed.identifier_type
            and hashed.identifier = listed.identifier
    where hashed.hash_rule = :hash_rule

),
"""
_CONCERNED_PROFILES = "identifiers.profile_id in (select concerned.profile_id from concerned)"
_CONCERNED_HASHES = "select identifier_type, identifier from concerned_hashes"
"""What the suppressions are asked about, where there are any."""

_NO_PROFILES = "select profiles.profile_id from {profiles} as profiles where false"
_NO_HASHES = (
    "select hashed.identifier_type, hashed.identifier from {hashed_identifiers} as hashed where false"
)
"""What they answer where there are none."""


def suppressed_parts(warehouse: Warehouse, relations: Mapping[str, str]) -> dict[str, str]:
    """What stands in the plan for `{concerned}`, `{suppressed_profiles}` and `{suppressed_hashes}`.

    Most warehouses have no suppressions, and need not hash for them. One that comes between this look and the
    plan is found right before each batch, and by the next run.

    Args:
        relations: profiles, hashed_identifiers and ledger, as SQL names them.
    """
    if has_suppressions(warehouse):
        parts = {
            "concerned": _CONCERNED,
            "suppressed_profiles": suppressed_profiles(warehouse, _CONCERNED_PROFILES),
            "suppressed_hashes": suppressed_hashes(warehouse, _CONCERNED_HASHES),
        }
    else:
        parts = {
            "concerned": "",
            "suppressed_profiles": _NO_PROFILES,
            "suppressed_hashes": _NO_HASHES,
        }
    return {name: text.format(**relations) for name, text in parts.items()}
