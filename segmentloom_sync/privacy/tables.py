"""The tables of `S_privacy`: what was asked, and keyed hashes of whom it bars. No identifier is in them."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime

from segmentloom_sync.warehouse.base import Columns, Warehouse

REQUESTS: Columns = {
    "request_id": "string",
    "request_type": "string",  # opt_out, opt_in
    "requested_at": "timestamp",
    "requested_by": "string",  # who entered it
    "identifier_type": "string",  # as it was named: user_id, email, anonymous_id or profile_id
    "is_profile_known": "boolean",  # whether events had shown the person by then
}
"""One row per request; nothing is ever changed here."""

SUPPRESSIONS: Columns = {
    "digest": "string",
    "key_id": "string",
    "identifier_type": "string",  # user_id, email, anonymous_id; as sent: email_sha256, phone_sha256
    "request_id": "string",
    "suppressed_at": "timestamp",
    "released_at": "timestamp",
    "release_request_id": "string",
}
"""One row per identifier that a request bars; see `segmentloom_sync.privacy.suppressed` for the digest."""

SUPPRESSED_PROFILES: Columns = {
    "profile_id": "string",
    "digest": "string",
    "key_id": "string",
    "resolved_at": "timestamp",
}
"""One row per profile and digest that a request bars under a key that no build had seen by then."""

SUPPRESSION_KEYS: Columns = {
    "key_id": "string",
    "secret_key": "string",
    "created_at": "timestamp",
}
"""The keys of the digests. Whoever reads them can test whether a known identifier is suppressed."""

TABLES: Mapping[str, Columns] = {
    "requests": REQUESTS,
    "suppressions": SUPPRESSIONS,
    "suppressed_profiles": SUPPRESSED_PROFILES,
    "suppression_keys": SUPPRESSION_KEYS,
}

_KEY_BYTES = 32
"""As hexadecimal text they fill one block of SHA-256."""


def ensure_tables(warehouse: Warehouse) -> None:
    """Create what is missing; never drops or empties anything."""
    for name, columns in TABLES.items():
        warehouse.ensure_table(name, "privacy", columns)


def ensure_key(warehouse: Warehouse, now: datetime) -> None:
    """Make the key of this warehouse, once. Two that are made at the same moment both hold."""
    keys = warehouse.relation("suppression_keys", "privacy")
    warehouse.execute(
        f"""
        insert into {keys} (key_id, secret_key, created_at)
        select :key_id, :secret_key, :now
        from (select 1 as one) as single
        where not exists (select 1 from {keys} as others)
        """,
        key_id=uuid.uuid4().hex,
        secret_key=secrets.token_hex(_KEY_BYTES),
        now=now,
    )
