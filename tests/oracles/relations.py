"""The relations of events and identity as sets of rows: as the models built them, and as the oracles say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from segmentloom_sync.warehouse.base import Warehouse
from tests.oracles.events import Delivery, accepted, refusal
from tests.oracles.identity import Identity, Link, Order, Rules, is_gpc, own_identifiers, stitch
from tests.oracles.merges import merge_causes, redirects, written
from tests.oracles.overrides import Override, suppressed_links

LINK = "identifier_type, identifier_value, other_type, other_value, first_seen_at, source_id, event_id"
Rows = set[tuple[Any, ...]]

COLUMNS = {
    "events": (
        "source_id, event_id, type, event, occurred_at, received_at, loaded_at, user_id, anonymous_id,"
        " previous_id, email, event_date, owner_type, owner_value, properties, traits, context"
    ),
    "rejected_events": "source_id, load_id, line_number, reason",
    "identifiers": "identifier_type, identifier_value, profile_id, first_seen_at, last_seen_at, event_count",
    "profiles": (
        "profile_id, first_seen_at, last_seen_at, event_count, identifier_count, user_id, email, phone,"
        " ad_user_data_consent, ad_personalization_consent, is_opted_out, is_quarantined, traits"
    ),
    # All of its columns: `limit` would have to be quoted, which engines do differently.
    "identity_conflicts": "*",
    "int_segmentloom__profile_events": (
        "profile_id, source_id, event_id, event, occurred_at, properties, context"
    ),
    "profile_redirects": "former_profile_id, profile_id",
    "int_segmentloom__links": LINK,
    "int_segmentloom__kept_links": LINK,
    "int_segmentloom__identity_map": (
        "identifier_type, identifier_value, profile_id, event_count, owned_event_count, gpc_event_count"
    ),
    "merge_causes": "identifier_type, identifier_value, other_type, other_value",
}
MERGE_CAUSES = """(
    select one.identifier_type, one.identifier_value,
        other.identifier_type as other_type, other.identifier_value as other_value
    from {map} as absorbed
    left join {map} as one on one.identifier_key = absorbed.cause_identifier_key
    left join {map} as other on other.identifier_key = absorbed.cause_other_key
    where absorbed.cause_identifier_key is not null or absorbed.cause_other_key is not null
) as causes"""
"""The links that merged, with their identifiers in place of the keys, which differ between engines."""
JSON_CELLS = {"events": 3, "profiles": 1, "int_segmentloom__profile_events": 2}
"""How many of the last columns hold JSON."""


def found_relations(warehouse: Warehouse) -> dict[str, Rows]:
    """What the models built."""
    found = {}
    for name, columns in COLUMNS.items():
        relation = warehouse.relation(name)
        if name == "merge_causes":
            relation = MERGE_CAUSES.format(map=warehouse.relation("int_segmentloom__identity_map"))
        rows = warehouse.rows(f"select {columns} from {relation}")
        plain = Counter(_plain(row, JSON_CELLS.get(name, 0)) for row in rows)
        found[name] = set(plain)
        if name != "rejected_events":  # what came refused twice was refused twice
            found[name] |= {(*row, "twice") for row, times in plain.items() if times > 1}
    return found


def expected_relations(
    deliveries: Sequence[Delivery], rules: Rules, overrides: Iterable[Override] = ()
) -> dict[str, Rows]:
    """What the oracles say."""
    events = accepted(deliveries)
    identity = stitch(events, rules, suppressed_links(overrides))
    return {
        "events": set(_events(events, identity)),
        "rejected_events": set(_rejected(deliveries)),
        "identifiers": {
            (*identifier, identity.profile_of[identifier], seen.first, seen.last, seen.events)
            for identifier, seen in identity.sightings.items()
        },
        "profiles": set(_profiles(identity)),
        "identity_conflicts": set(_conflicts(identity)),
        "int_segmentloom__profile_events": set(_profile_events(events, identity)),
        "profile_redirects": set(redirects(identity).items()),
        "int_segmentloom__links": set(_links(identity.links)),
        "int_segmentloom__kept_links": set(_links(identity.kept)),
        "int_segmentloom__identity_map": set(_identity_map(events, identity, rules)),
        "merge_causes": {(*one, *other) for one, other in merge_causes(identity)},
    }


def _events(events: Iterable[Delivery], identity: Identity) -> Iterable[tuple[Any, ...]]:
    for event in events:
        yield (
            *event.key,
            *(event.type, event.name, event.occurred_at, event.loaded_at, event.loaded_at),
            *(event.user_id, event.anonymous_id, event.previous_id, event.email, event.occurred_at.date()),
            *(identity.owner_of[event.key] or (None, None)),
            *(canonical(value) for value in (event.properties, event.traits, event.context)),
        )


def _rejected(deliveries: Iterable[Delivery]) -> Iterable[tuple[Any, ...]]:
    for delivery in deliveries:
        reason = refusal(delivery)
        if reason is not None:
            yield delivery.source_id, delivery.load_id, delivery.line_number, reason


def _profiles(identity: Identity) -> Iterable[tuple[Any, ...]]:
    for profile in identity.profiles.values():
        yield (
            *(profile.profile_id, profile.first_seen_at, profile.last_seen_at),
            *(profile.event_count, len(profile.identifiers), profile.user_id, profile.email, profile.phone),
            *(profile.consents.get(key) for key in ("ad_user_data", "ad_personalization")),
            *(profile.is_opted_out, profile.is_quarantined, canonical(profile.traits)),
        )


def _conflicts(identity: Identity) -> Iterable[tuple[Any, ...]]:
    for conflict in identity.conflicts:
        yield (
            *(conflict.rule, *conflict.identifier, *(conflict.other or (None, None))),
            *(conflict.link_count, conflict.limit, conflict.first_seen_at),
        )


def _profile_events(events: Iterable[Delivery], identity: Identity) -> Iterable[tuple[Any, ...]]:
    for event in events:
        owner = identity.owner_of[event.key]
        if event.name and owner:
            yield (
                *(identity.profile_of[owner], *event.key, event.name, event.occurred_at),
                *(canonical(event.properties), canonical(event.context)),
            )


def _links(links: dict[Link, Order]) -> Iterable[tuple[Any, ...]]:
    for link, order in links.items():
        one, other = written(link)
        yield *one, *other, *order


def _identity_map(events: Iterable[Delivery], identity: Identity, rules: Rules) -> Iterable[tuple[Any, ...]]:
    owned = Counter(identity.owner_of.values())
    gpc = Counter(
        identifier for event in events if is_gpc(event) for identifier in own_identifiers(event, rules)
    )
    for identifier, seen in identity.sightings.items():
        profile_id = identity.profile_of[identifier]
        yield *identifier, profile_id, seen.events, owned[identifier], gpc[identifier]


def canonical(value: Any) -> str | None:
    """A JSON value as text that is equal for equal values."""
    return None if value is None else json.dumps(value, sort_keys=True)


def _plain(row: tuple[Any, ...], json_cells: int) -> tuple[Any, ...]:
    plain = len(row) - json_cells
    return (*map(_scalar, row[:plain]), *map(_json, row[plain:]))


def _json(value: Any) -> str | None:
    return canonical(json.loads(value) if isinstance(value, str) else value)


def _scalar(value: Any) -> Any:
    # Snowflake's whole numbers come as decimals.
    return (
        value
        if value is None or isinstance(value, bool | str | datetime) or not hasattr(value, "real")
        else int(value)
    )
