"""The rules of the Data Manager API that its message types cannot express."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from segmentloom_sync.simulators.lists import Key

MAX_MEMBERS = 10_000
MAX_IDENTIFIERS = 10
MAX_DESTINATIONS = 10
LIST_SECONDS = 540 * 86_400
_HEX = re.compile(r"[0-9a-f]*")


class Violation(NamedTuple):
    """One broken rule, as a `google.rpc.BadRequest.FieldViolation`."""

    field: str
    description: str
    reason: str


class Row(NamedTuple):
    """A member of a request whose identifiers are readable."""

    keys: tuple[Key, ...]
    consent: str


def request_violations(body: Mapping[str, Any], *, is_ingest: bool) -> list[Violation]:
    """Rules about the request as a whole, destinations aside."""
    members = body.get("audienceMembers", [])
    kinds = {kind for member in members for kind in _kinds(member)}
    found = []
    if not members:
        found.append(Violation("audience_members", "At least one is required.", "REQUIRED_FIELD_MISSING"))
    if len(members) > MAX_MEMBERS:
        found.append(Violation("audience_members", f"At most {MAX_MEMBERS}.", "TOO_MANY_AUDIENCE_MEMBERS"))
    if len(kinds) > 1:
        found.append(Violation("audience_members", "One data type.", "MULTIPLE_DATA_TYPES_NOT_ALLOWED"))
    if kinds & {"userData", "compositeData"}:
        if body.get("encoding", "ENCODING_UNSPECIFIED") == "ENCODING_UNSPECIFIED":
            found.append(Violation("encoding", "Required for user data.", "REQUIRED_FIELD_MISSING"))
        terms = body.get("termsOfService", {}).get("customerMatchTermsOfServiceStatus")
        if is_ingest and terms != "ACCEPTED":
            found.append(
                Violation("terms_of_service", "Must be accepted.", "TERMS_AND_CONDITIONS_NOT_SIGNED")
            )
    return found


def rows(
    body: Mapping[str, Any], malformed: frozenset[int] = frozenset()
) -> tuple[list[Row], list[Violation]]:
    """The members as keys, and what is wrong with which.

    Args:
        malformed: positions to find a fault with whatever they hold.
    """
    readable, found = [], []
    common = _consent(body.get("consent", {}))
    for position, member in enumerate(body.get("audienceMembers", [])):
        where = f"audience_members.audience_members[{position}]"
        if position in malformed:
            found.append(Violation(where, "Not a SHA-256 hash.", "INVALID_SHA256_FORMAT"))
            continue
        try:
            keys = tuple(_keys(member, str(body.get("encoding")), where))
        except _Broken as broken:
            found.append(broken.violation)
            continue
        readable.append(Row(keys, _consent(member["consent"]) if "consent" in member else common))
    return readable, found


class _Broken(Exception):
    def __init__(self, field: str, description: str, reason: str) -> None:
        super().__init__(reason)
        self.violation = Violation(field, description, reason)


def _kinds(member: Mapping[str, Any]) -> set[str]:
    return {"userData", "compositeData", "mobileData", "userIdData"} & set(member)


def _consent(consent: Mapping[str, str]) -> str:
    """`granted` when both uses are, `denied` when either is, else `unknown`."""
    uses = [consent.get(use, "CONSENT_STATUS_UNSPECIFIED") for use in ("adUserData", "adPersonalization")]
    if "CONSENT_DENIED" in uses:
        return "denied"
    return "granted" if uses == ["CONSENT_GRANTED"] * 2 else "unknown"


def _keys(member: Mapping[str, Any], encoding: str, where: str) -> Iterator[Key]:
    for mobile_id in member.get("mobileData", {}).get("mobileIds", []):
        yield Key("mobile_id", mobile_id)
    if "userIdData" in member:
        yield Key("user_id", member["userIdData"].get("userId", ""))
    data = member.get("compositeData", {}).get("userData", member.get("userData"))
    if data is None:
        if not _kinds(member) & {"mobileData", "userIdData"}:
            raise _Broken(where, "No identifiers.", "NO_IDENTIFIERS_PROVIDED")
        return
    identifiers = data.get("userIdentifiers", [])
    if not identifiers:
        raise _Broken(f"{where}.user_data", "No identifiers.", "NO_IDENTIFIERS_PROVIDED")
    if len(identifiers) > MAX_IDENTIFIERS:
        raise _Broken(f"{where}.user_data", f"At most {MAX_IDENTIFIERS}.", "TOO_MANY_USER_IDENTIFIERS")
    for identifier in identifiers:
        yield _key(identifier, encoding, where)


def _key(identifier: Mapping[str, Any], encoding: str, where: str) -> Key:
    field = f"{where}.user_data.user_identifiers"
    if "emailAddress" in identifier:
        return Key("email", _digest(identifier["emailAddress"], "Email", encoding, field, where))
    if "phoneNumber" in identifier:
        return Key("phone", _digest(identifier["phoneNumber"], "Phone number", encoding, field, where))
    address = identifier.get("address")
    if address is None:
        raise _Broken(field, "An identifier is empty.", "NO_IDENTIFIERS_PROVIDED")
    for name in ("givenName", "familyName", "regionCode", "postalCode"):
        if not address.get(name):
            raise _Broken(f"{field}.address", f"{name} is required.", "REQUIRED_FIELD_MISSING")
    if not re.fullmatch("[A-Z]{2}", address["regionCode"]):
        raise _Broken(f"{field}.address", "Two upper-case letters.", "INVALID_COUNTRY_CODE")
    names = [_digest(address[name], "Name", encoding, field, where) for name in ("givenName", "familyName")]
    return Key("address", "/".join([*names, address["regionCode"], address["postalCode"]]))


def _digest(text: str, label: str, encoding: str, field: str, where: str) -> str:
    """The hash in hex, whatever its encoding."""
    if encoding == "BASE64":
        try:
            text = base64.b64decode(text, validate=True).hex()
        except binascii.Error:
            raise _Broken(field, f"{label} is not base64 encoded.", "INVALID_BASE64_ENCODING") from None
    elif not _HEX.fullmatch(text):
        raise _Broken(field, f"{label} is not hex encoded.", "INVALID_HEX_ENCODING")
    if len(text) != 64:
        raise _Broken(where, f"{label} is no SHA-256 hash.", "INVALID_SHA256_FORMAT")
    return text


def list_violations(entry: Mapping[str, Any]) -> list[Violation]:
    """Rules about a new user list."""
    found = []
    if not entry.get("displayName"):
        found.append(Violation("user_list.display_name", "Required.", "REQUIRED_FIELD_MISSING"))
    if not entry.get("ingestedUserListInfo", {}).get("uploadKeyTypes"):
        found.append(
            Violation(
                "user_list.ingested_user_list_info.upload_key_types", "Required.", "REQUIRED_FIELD_MISSING"
            )
        )
    seconds = float(str(entry.get("membershipDuration", "0s")).removesuffix("s"))
    if seconds > LIST_SECONDS:
        found.append(
            Violation("user_list.membership_duration", "At most 540 days.", "MEMBERSHIP_DURATION_TOO_LONG")
        )
    elif seconds % 86_400:
        found.append(Violation("user_list.membership_duration", "Whole days.", "INVALID_FORMAT"))
    return found
