"""SQL that finds suppressed profiles and identifiers, the same text on every engine.

A digest is the keyed hash SHA-256(key, `type:value`), where the key, as hexadecimal text, fills the first
block. Nobody who lacks the key can test a guess. The keys stay in their table and never become part of a
statement.
"""

from __future__ import annotations

from segmentloom_sync.warehouse.base import Warehouse

_PROFILES = """
    select keyed.profile_id
    from (
        select
            identifiers.profile_id,
            {digest_of_value} as digest
        from {identifiers} as identifiers
        cross join {suppression_keys} as keys
        where {which}
    ) as keyed
    inner join {suppressions} as suppressions on keyed.digest = suppressions.digest
    where suppressions.released_at is null
"""
"""Profiles that any suppressed identifier belongs to by now. `{which}` narrows `identifiers`."""

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


def suppressed_profiles(warehouse: Warehouse, which: str = "true") -> str:
    """A query of profile_id, with repetitions.

    Args:
        which: a condition on `identifiers` (identifier_type, identifier_value, profile_id).
    """
    return _PROFILES.format(which=which, **names(warehouse))


def suppressed_hashes(warehouse: Warehouse, entries: str) -> str:
    """A query of identifier_type and identifier, with repetitions.

    Args:
        entries: a query of identifier_type and identifier, the hash as sent.
    """
    return _HASHES.format(entries=entries, **names(warehouse))


def names(warehouse: Warehouse) -> dict[str, str]:
    """The relations and digests that the texts here name."""
    value = "identifiers.identifier_type || ':' || identifiers.identifier_value"
    return {
        "identifiers": warehouse.relation("identifiers"),
        "suppressions": warehouse.relation("suppressions", "privacy"),
        "suppression_keys": warehouse.relation("suppression_keys", "privacy"),
        "digest_of_value": digest(warehouse, value),
        "digest_of_hash": digest(warehouse, "entries.identifier_type || '_sha256:' || entries.identifier"),
    }


def is_suppressed(warehouse: Warehouse, profile_id: str) -> bool:
    """Whether a request bars a profile now; what its events say is in the profile itself."""
    if not (warehouse.exists("suppressions", "privacy") and warehouse.exists("suppression_keys", "privacy")):
        return False
    query = suppressed_profiles(warehouse, "identifiers.profile_id = :profile_id")
    return bool(warehouse.rows(query, profile_id=profile_id))
