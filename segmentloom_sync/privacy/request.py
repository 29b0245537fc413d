"""Takes a person's wish up: who opts out is barred from the moment that the request is written."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity import find_profile
from segmentloom_sync.identity.built import require_built
from segmentloom_sync.identity.identifier import Identifier, is_id, parse_identifier
from segmentloom_sync.privacy.suppressed import IDENTIFIER_DIGESTS, digest, is_suppressed
from segmentloom_sync.privacy.tables import ensure_key, ensure_tables
from segmentloom_sync.sync.absent_tables import with_absent_tables
from segmentloom_sync.warehouse.base import Statement, Warehouse

RequestType = Literal["opt_out", "opt_in"]
TYPES: Final[tuple[RequestType, ...]] = ("opt_out", "opt_in")

_RECORD = """
insert into {requests} (
    request_id, request_type, requested_at, requested_by, identifier_type, is_profile_known
)
values (:request_id, :request_type, :now, :requested_by, :named_by, {is_profile_known})
"""

_SUPPRESS = """
insert into {suppressions} (digest, key_id, identifier_type, request_id, suppressed_at)
select distinct
    {digest},
    keys.key_id,
    entries.identifier_type,
    :request_id,
    :now
from ({entries}) as entries
cross join {keys} as keys
where entries.identifier_value is not null
"""

_RELEASE = """
update {suppressions}
set
    released_at = :now,
    release_request_id = :request_id
where
    released_at is null
    and digest in (
        select {digest}
        from ({entries}) as entries
        cross join {keys} as keys
        where entries.identifier_value is not null
    )
"""

# A build that has not seen a key says nothing of who is barred under it; one that has says it better.
_RESOLVE = """
insert into {suppressed_profiles} (profile_id, digest, key_id, resolved_at)
select
    :profile_id,
    {digest},
    keys.key_id,
    :now
from ({identifiers_of_profile}) as entries
cross join {keys} as keys
where keys.key_id not in (select digests.key_id from {identifier_digests} as digests)
"""

_FORGET_RESOLVED = """
delete from {suppressed_profiles}
where key_id in (select digests.key_id from {identifier_digests} as digests)
"""

_OF_PROFILE = """
    select
        identifier_type,
        identifier_value
    from {identifiers}
    where profile_id = :profile_id
"""

# What platforms may hold of the person, though no identifier of events is like it: phone numbers are traits.
_HASHES_OF_PROFILE = """
    select
        identifier_type || '_sha256',
        identifier
    from {hashed_identifiers}
    where profile_id = :profile_id
"""

_NORMALISED = """
    select
        'email_sha256',
        {hash}
    from ({values}) as given
    where given.identifier_type = 'email'
"""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, and by what name.

    Attributes:
        named_by: the type of the identifier that it names the person by, or profile_id.
        is_profile_known: whether events had shown the person by then.
    """

    request_id: str
    request_type: str
    requested_at: datetime
    requested_by: str
    named_by: str
    is_profile_known: bool

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "request_id": self.request_id,
            "type": self.request_type,
            "requested_at": self.requested_at,
            "requested_by": self.requested_by,
            "named_by": self.named_by,
            "is_profile_known": self.is_profile_known,
        }


@dataclass(frozen=True, slots=True)
class Recorded(Request):
    """A request that is written.

    Attributes:
        is_opted_out: whether the profile may not be sent after it; None while no profile is known.
    """

    is_opted_out: bool | None

    def document(self) -> dict[str, Any]:
        """The keys of `privacy request --json`."""
        return {**Request.document(self), "is_opted_out": self.is_opted_out}


def parse_type(text: str) -> RequestType:
    """The type of a request.

    Raises:
        ConfigError: it is none.
    """
    for name in TYPES:
        if text == name:
            return name
    raise ConfigError(f"{text!r} is no type of request", hint=f"write {' or '.join(TYPES)}")


def parse_requester(text: str) -> str:
    """Who enters a request, as the record keeps it for years.

    Raises:
        ConfigError: it is blank, too long, or may be an address.
    """
    name = text.strip()
    if not name or not name.isprintable() or len(name) > 100 or "@" in name:
        raise ConfigError(
            "--by is no name", hint="up to 100 letters that say who enters the request, without an address"
        )
    return name


def record(
    warehouse: Warehouse,
    request_type: RequestType,
    person: str,
    *,
    by: str,
    now: datetime,
    email_hashes: Sequence[str] = (),
) -> Recorded:
    """Write a request and what it bars or frees, all or none. The identifiers never leave the warehouse.

    An opt-out bars every identifier that the profile has now, so that it outlasts merges and splits, and the
    named one even when no event has shown it yet. An opt-in frees the same; the hash of a number or address
    that the person had earlier stays barred.

    Args:
        person: `type:value` or a profile id.
        by: who enters it.
        email_hashes: SQL, one text for each way in which destinations hash the column `identifier_value`.

    Raises:
        ConfigError: it is no identifier, or there is no such profile; nothing was written.
    """
    identifier, profile_id = _person(warehouse, person)
    ensure_tables(warehouse)
    ensure_key(warehouse, now)
    entries = _entries(warehouse, identifier, profile_id, email_hashes)
    request_id = uuid.uuid4().hex
    named_by = identifier.type if identifier else "profile_id"
    values = {"request_id": request_id, "now": now, **entries.parameters}
    names = {
        "requests": warehouse.relation("requests", "privacy"),
        "suppressions": warehouse.relation("suppressions", "privacy"),
        "keys": warehouse.relation("suppression_keys", "privacy"),
        "suppressed_profiles": warehouse.relation("suppressed_profiles", "privacy"),
        "identifier_digests": with_absent_tables(warehouse).relation(IDENTIFIER_DIGESTS),
        "identifiers_of_profile": _OF_PROFILE.format(identifiers=warehouse.relation("identifiers")),
        "digest": digest(warehouse, "entries.identifier_type || ':' || entries.identifier_value"),
        "entries": entries.sql,
        "is_profile_known": "true" if profile_id else "false",
    }
    change = _SUPPRESS if request_type == "opt_out" else _RELEASE
    facts = {"request_type": request_type, "requested_by": by, "named_by": named_by}
    statements = [
        Statement(_RECORD.format(**names), {"request_id": request_id, "now": now, **facts}),
        Statement(change.format(**names), values),
        Statement(_FORGET_RESOLVED.format(**names)),
    ]
    if profile_id and request_type == "opt_out":
        statements.append(Statement(_RESOLVE.format(**names), {"profile_id": profile_id, "now": now}))
    warehouse.apply(statements)
    return Recorded(
        request_id=request_id,
        request_type=request_type,
        requested_at=now,
        requested_by=by,
        named_by=named_by,
        is_profile_known=profile_id is not None,
        is_opted_out=_is_opted_out(warehouse, profile_id) if profile_id else None,
    )


def _person(warehouse: Warehouse, text: str) -> tuple[Identifier | None, str | None]:
    """The identifier that was given and the profile, each as far as there is one."""
    if is_id(text):
        require_built(warehouse, [*find_profile.NEEDED, "identifiers", "profiles"])
        return None, find_profile.find_profile(warehouse, text).profile_id
    identifier = parse_identifier(text)
    return identifier, _profile_of(warehouse, identifier)


def _profile_of(warehouse: Warehouse, identifier: Identifier) -> str | None:
    """The profile of an identifier; None when no event shows it, or nothing is built yet."""
    if not all(map(warehouse.exists, (find_profile.IDENTITY_MAP, "identifiers", "profiles"))):
        return None
    return find_profile.profile_of(warehouse, identifier)


def _entries(
    warehouse: Warehouse, identifier: Identifier | None, profile_id: str | None, email_hashes: Sequence[str]
) -> Statement:
    """A query of identifier_type and identifier_value: all that stands for the person."""
    values, hashes = [], []
    parameters: dict[str, Any] = {}
    if identifier:
        values.append("select :identifier_type as identifier_type, :identifier_value as identifier_value")
        parameters |= {"identifier_type": identifier.type, "identifier_value": identifier.value}
    if profile_id:
        values.append(_OF_PROFILE.format(identifiers=warehouse.relation("identifiers")))
        parameters["profile_id"] = profile_id
        if warehouse.exists("hashed_identifiers"):
            hashes.append(
                _HASHES_OF_PROFILE.format(hashed_identifiers=warehouse.relation("hashed_identifiers"))
            )
    given = " union all ".join(values)
    hashes += [_NORMALISED.format(hash=text, values=given) for text in email_hashes]
    return Statement(" union all ".join([*values, *hashes]), parameters)


def _is_opted_out(warehouse: Warehouse, profile_id: str) -> bool:
    """Whether a signal or a request bars the profile now."""
    rows = warehouse.rows(
        f"select is_opted_out from {warehouse.relation('profiles')} where profile_id = :profile_id",
        profile_id=profile_id,
    )
    return bool(rows and rows[0][0]) or is_suppressed(warehouse, profile_id)
