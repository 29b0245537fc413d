"""SQL that finds suppressed profiles and identifiers, the same text on every engine.

A digest is the keyed hash SHA-256(key, `type:value`), where the key, as hexadecimal text, fills the first
block. Nobody who lacks the key can test a guess. The keys stay in their table and never become part of a
statement.

Profiles are found by the digests of their identifiers, which each build makes anew where profiles changed, so
that no identifier is read here. Until a build has seen a key, a request itself says which profiles it is
about: identifiers change with builds only.
"""

from __future__ import annotations

from typing import Final

from segmentloom_sync.sync.absent_tables import with_absent_tables
from segmentloom_sync.warehouse.base import Warehouse

IDENTIFIER_DIGESTS: Final = "int_segmentloom__identifier_digests"
"""The relation of a build with the digests of all identifiers, by profile."""

_PROFILES = """
    select digests.profile_id
    from {identifier_digests} as digests
    inner join {suppressions} as suppressions on digests.digest = suppressions.digest
    where suppressions.released_at is null

    union all

    select resolved.profile_id
    from {suppressed_profiles} as resolved
    inner join {suppressions} as suppressions on resolved.digest = suppressions.digest
    where
        suppressions.released_at is null
        and resolved.key_id not in (select digests.key_id from {identifier_digests} as digests)
"""
"""Profiles that any suppressed identifier belongs to by now."""

_HASHES = """
    select
        keyed.identifier_type,
        keyed.identifier
    from (
        select
            entries.identifier_type,
            entries.identifier,
            {digest_of_hash} as digest
        from ({entries}) as entries
        cross join {suppression_keys} as keys
    ) as keyed
    inner join {suppressions} as suppressions on keyed.digest = suppressions.digest
    where suppressions.released_at is null
"""
"""Which of some identifiers as platforms get them are suppressed, whatever profile has them or none."""


def digest(warehouse: Warehouse, expression: str) -> str:
    """SQL of the digest of a text `type:value`, under the key of the row `keys`."""
    return warehouse.sha256_hex(f"keys.secret_key || {expression}")


def has_suppressions(warehouse: Warehouse) -> bool:
    """Whether any request bars anybody now."""
    suppressions = warehouse.relation("suppressions", "privacy")
    return bool(warehouse.rows(f"select 1 from {suppressions} as known where released_at is null limit 1"))


def suppressed_profiles(warehouse: Warehouse) -> str:
    """A query of profile_id, with repetitions."""
    return _PROFILES.format(**names(warehouse))


def suppressed_hashes(warehouse: Warehouse, entries: str) -> str:
    """A query of identifier_type and identifier, with repetitions.

    Args:
        entries: a query of identifier_type and identifier, the hash as sent.
    """
    return _HASHES.format(entries=entries, **names(warehouse))


def names(warehouse: Warehouse) -> dict[str, str]:
    """The relations and the digest that the texts here name."""
    return {
        "identifier_digests": warehouse.relation(IDENTIFIER_DIGESTS),
        "suppressed_profiles": warehouse.relation("suppressed_profiles", "privacy"),
        "suppressions": warehouse.relation("suppressions", "privacy"),
        "suppression_keys": warehouse.relation("suppression_keys", "privacy"),
        "digest_of_hash": digest(warehouse, "entries.identifier_type || '_sha256:' || entries.identifier"),
    }


def is_suppressed(warehouse: Warehouse, profile_id: str) -> bool:
    """Whether a request bars a profile now; what its events say is in the profile itself."""
    if not warehouse.exists("suppressions", "privacy"):
        return False
    barred = suppressed_profiles(with_absent_tables(warehouse))
    query = f"select 1 from ({barred}) as barred where barred.profile_id = :profile_id limit 1"
    return bool(warehouse.rows(query, profile_id=profile_id))
