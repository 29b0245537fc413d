"""Who opted out, and what may not be sent for them, as the plan, each batch and the other lists ask it.

By a signal, which is in `profiles`, or by a request, which is asked where some are known to bar anybody.
"""

from __future__ import annotations

from segmentloom_sync.privacy.suppressed import suppressed_hashes, suppressed_profiles
from segmentloom_sync.warehouse.base import Warehouse

OF_RULE = "hashed.hash_rule = :hash_rule"
"""Only what the platform's hash rule makes."""
OF_ANY_RULE = "true"

# What platforms hold of somebody may be of no profile any more: it is hashed here, of those who are listed.
_LISTED_HASHES = """
listed_hashes as (

    select distinct
        listed.identifier_type,
        listed.identifier
    from (
        {listed}
    ) as listed

),
"""

# An identifier that an opted-out person shares with others is not sent for the others either.
_OPTED_OUT = """
opted_out_profiles as (

    select profiles.profile_id
    from {profiles} as profiles
    where coalesce(profiles.is_opted_out, false){or_suppressed_profiles}

),

opted_out as (

    select distinct
        refused.identifier_type,
        refused.identifier
    from (
        select
            hashed.identifier_type,
            hashed.identifier
        from {hashed_identifiers} as hashed
        inner join opted_out_profiles as refusing on hashed.profile_id = refusing.profile_id
        where {which}{or_suppressed_hashes}
    ) as refused

),
"""


def opted_out(
    warehouse: Warehouse,
    listed: str,
    *,
    which: str = OF_RULE,
    hashed: str | None = None,
    asks_requests: bool = True,
) -> str:
    """Common table expressions, to stand between others.

    They are `opted_out_profiles` (profile_id, with repetitions) and `opted_out` (identifier_type and
    identifier), both right for those who are listed, and for what they share with others.

    Args:
        listed: a query of member_key, identifier_type and identifier, the hash as sent: about whom it is.
        which: a condition on `hashed`, the hashed identifiers: of which rules they are looked at.
        hashed: the relation of these, where it is less than all.
        asks_requests: False where no request bars anybody, which most warehouses need not hash for.
    """
    names = {
        "profiles": warehouse.relation("profiles"),
        "hashed_identifiers": hashed or warehouse.relation("hashed_identifiers"),
        "which": which,
    }
    if not asks_requests:
        return _OPTED_OUT.format(**names, or_suppressed_profiles="", or_suppressed_hashes="")
    hashes = suppressed_hashes(warehouse, "select identifier_type, identifier from listed_hashes")
    return _LISTED_HASHES.format(listed=listed) + _OPTED_OUT.format(
        **names,
        or_suppressed_profiles=f"\n\n    union all\n{suppressed_profiles(warehouse)}",
        or_suppressed_hashes=f"\n\n        union all\n{hashes}",
    )
