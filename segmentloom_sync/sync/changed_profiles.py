"""Whether profiles changed after an audience was evaluated: its members are then those of other profiles.

A profile that was split or merged keeps its id and loses or wins identifiers, so that an older membership
with the newer identifiers would send people whom nobody found to be members.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from segmentloom_sync.privacy.suppressed import IDENTIFIER_DIGESTS, has_suppressions
from segmentloom_sync.warehouse.base import Warehouse

_PROGRESS: Final = "int_segmentloom__progress"
_PUBLICATIONS: Final = "int_segmentloom__publications"
_PROFILES: Final = "int_segmentloom__profile_changes"
_CONDITIONS: Final = "int_segmentloom__conditions"
_CONDITION_CHANGES: Final = "int_segmentloom__condition_changes"
_END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)
_SENT: Final = (
    "segmentloom__profiles",
    "segmentloom__hashed_identifiers",
    IDENTIFIER_DIGESTS,
)
"""What the sync reads of profiles; all of them follow the feed of changed profiles."""


class _Place(NamedTuple):
    """How far a model has come in its feed."""

    generation: str
    batch: int


def changed_since(warehouse: Warehouse, audience: str) -> str | None:
    """What changed after the published members of an audience were found.

    Args:
        warehouse: an open connection; nothing is written.
        audience: its name.

    Returns:
        One line, or None when its members and what is sent of them are of the same profiles, or when nothing
        is known of it.

    Raises:
        WarehouseError: the warehouse refuses the queries.
    """
    if not all(warehouse.exists(name) for name in (_PROGRESS, _PUBLICATIONS)):
        return None
    places, changed_at = _progress(warehouse)
    profiles = places.get(_PROFILES)
    if profiles is None or changed_at is None:
        return None
    if any(name in places and places[name] != profiles for name in _SENT):
        return "profiles changed, and their identifiers were not built since"
    if _lacks_a_key(warehouse):
        return (
            f"the build has not read a key of {warehouse.relation('suppression_keys', 'privacy')}, "
            "so nobody knows whom requests bar; dbt's role needs to select from it"
        )
    published = _publication(warehouse, audience)
    if published is not None and _is_older(*published, places, profiles, changed_at):
        return f"profiles changed since audience {audience} was evaluated"
    return None


def built_profiles(warehouse: Warehouse) -> str:
    """How far what the sync reads of profiles has come: another text after each build that changed it.

    Empty where builds keep no account of how far they have come.
    """
    return counted_builds(warehouse) if warehouse.exists(_PROGRESS) else ""


def counted_builds(warehouse: Warehouse) -> str:
    """As `built_profiles`, where builds are known to keep an account."""
    places, _ = _progress(warehouse)
    return " ".join(
        f"{places[name].generation}/{places[name].batch}" if name in places else "-"
        for name in (_PROFILES, *_SENT)
    )


def built_entries(warehouse: Warehouse) -> str:
    """As `built_profiles`: another text after each build that wrote them, for whatever reason."""
    names = {f"name_{position}": name for position, name in enumerate((_PROFILES, *_SENT))}
    rows = warehouse.rows(
        f"""
        select
            consumer,
            max(entry) as entry
        from {warehouse.relation(_PROGRESS)}
        where consumer in ({", ".join(f":{name}" for name in names)})
        group by 1
        order by 1
        """,
        **names,
    )
    return " ".join(f"{name}/{entry}" for name, entry in rows)


def _is_older(
    place: _Place, evaluated_at: datetime, places: dict[str, _Place], profiles: _Place, changed_at: datetime
) -> bool:
    if place.generation:  # compiled from a file, and so evaluated with the conditions
        if places.get(_CONDITIONS) != profiles:
            return True
        if place == places.get(_CONDITION_CHANGES):
            return False
    return evaluated_at < changed_at


def _progress(warehouse: Warehouse) -> tuple[dict[str, _Place], datetime | None]:
    """The latest entry of each model, and when the run began that changed profiles last."""
    rows = warehouse.rows(
        f"""
        select
            consumer,
            generation,
            batch,
            updated_at
        from {warehouse.relation(_PROGRESS)}
        where true
        qualify row_number() over (
            partition by consumer
            order by entry desc
        ) = 1
        """
    )
    places = {str(name): _Place(str(generation or ""), int(batch)) for name, generation, batch, _ in rows}
    return places, next((time for name, _, _, time in rows if name == _PROFILES), None)


def _lacks_a_key(warehouse: Warehouse) -> bool:
    """Whether a build ran after a key was made and did not hash the identifiers under it."""
    if not warehouse.exists("suppression_keys", "privacy") or not has_suppressions(warehouse):
        return False
    digests = warehouse.relation(IDENTIFIER_DIGESTS)
    rows = warehouse.rows(
        f"""
        select 1 as one
        from {warehouse.relation("suppression_keys", "privacy")} as keys
        where
            keys.key_id not in (select digests.key_id from {digests} as digests)
            and keys.created_at < (
                select coalesce(max(entries.updated_at), :end_of_time)
                from {warehouse.relation(_PROGRESS)} as entries
                where
                    entries.consumer = :consumer
                    and entries.generation <> ''
            )
            and exists (select 1 from {warehouse.relation("profiles")} as profiles)
        limit 1
        """,
        consumer=IDENTIFIER_DIGESTS,
        end_of_time=_END_OF_TIME,
    )
    return bool(rows)


def _publication(warehouse: Warehouse, audience: str) -> tuple[_Place, datetime] | None:
    rows: list[tuple[Any, ...]] = warehouse.rows(
        f"""
        select
            generation,
            batch,
            evaluated_at
        from {warehouse.relation(_PUBLICATIONS)}
        where audience = :audience
        """,
        audience=audience,
    )
    if not rows:
        return None
    [(generation, batch, evaluated_at)] = rows
    return _Place(str(generation or ""), int(batch or 0)), evaluated_at
