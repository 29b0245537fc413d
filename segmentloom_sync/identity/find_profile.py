"""Finds the profile that an argument means."""

from __future__ import annotations

from dataclasses import dataclass

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.identifier import Identifier, is_id, parse_id, parse_identifier
from segmentloom_sync.warehouse.base import Warehouse

MERGES = "profile_merges"
REDIRECTS = "profile_redirects"
IDENTITY_MAP = "int_segmentloom__identity_map"
NEEDED = (IDENTITY_MAP, REDIRECTS, MERGES)
_MOST_REDIRECTS = 10


@dataclass(frozen=True, slots=True)
class Found:
    """A profile and how it was found.

    Attributes:
        profile_id: as it is now.
        identifier: the one that was asked for; None when a profile id was.
        former_id: the profile id that was asked for, when the profile has another one now.
    """

    profile_id: str
    identifier: Identifier | None = None
    former_id: str | None = None


def find_profile(warehouse: Warehouse, text: str) -> Found:
    """The profile of an identifier, or with a profile id, present or former.

    Raises:
        ConfigError: it is neither, or nothing like it is known.
    """
    if is_id(text):
        return _by_id(warehouse, parse_id(text))
    identifier = parse_identifier(text)
    profile_id = profile_of(warehouse, identifier)
    if profile_id is None:
        raise ConfigError(
            f"no event that was built has that {identifier.type}",
            hint="check the spelling; events that were just landed need a `dbt build`; blocked values and "
            "placeholders belong to no profile",
        )
    return Found(profile_id, identifier)


def profile_of(warehouse: Warehouse, identifier: Identifier) -> str | None:
    """The profile that an identifier belongs to; None when no event shows it."""
    rows = warehouse.rows(
        f"""
        select profile_id
        from {warehouse.relation(IDENTITY_MAP)}
        where
            identifier_type = :identifier_type
            and identifier_value = :identifier_value
        """,
        identifier_type=identifier.type,
        identifier_value=identifier.value,
    )
    return str(rows[0][0]) if rows else None


def _by_id(warehouse: Warehouse, profile_id: str) -> Found:
    current = profile_id
    for _ in range(_MOST_REDIRECTS):
        if _exists(warehouse, current):
            return Found(current, former_id=profile_id if current != profile_id else None)
        redirected = _redirected(warehouse, current)
        if redirected is None:
            break
        current = redirected
    raise ConfigError(
        f"there is and was no profile {profile_id}",
        hint="give an identifier, such as email:ann@example.com; "
        "of a merge id, `segmentloom-sync identity merges` shows the profiles",
    )


def _exists(warehouse: Warehouse, profile_id: str) -> bool:
    return bool(
        warehouse.rows(
            f"""
            select profile_id
            from {warehouse.relation(IDENTITY_MAP)}
            where profile_id = :profile_id
            limit 1
            """,
            profile_id=profile_id,
        )
    )


def _redirected(warehouse: Warehouse, profile_id: str) -> str | None:
    """Where a former id leads: by its identifier, or when that is gone, by what was logged."""
    rows = warehouse.rows(
        f"""
        select profile_id
        from {warehouse.relation(REDIRECTS)}
        where former_profile_id = :profile_id
        limit 1
        """,
        profile_id=profile_id,
    ) or warehouse.rows(
        f"""
        select surviving_profile_id
        from {warehouse.relation(MERGES)}
        where
            absorbed_profile_id = :profile_id
            and kind in ('merge', 'rename')
        order by happened_at desc
        limit 1
        """,
        profile_id=profile_id,
    )
    return str(rows[0][0]) if rows else None
