"""The Data Manager API's messages, as strictly as Google's own JSON parser reads them.

Field names come in camel case or snake case, enums as names or numbers, 64-bit integers as text or numbers;
anything unknown, of the wrong type, or two choices of a oneof at once is an error. The tests hold this table
against the official messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class MessageError(ValueError):
    """The JSON doesn't fit the message. The text names fields, never values."""


@dataclass(frozen=True)
class Enum:
    """An enum with the numbers of its names."""

    numbers: Mapping[str, int]


@dataclass(frozen=True)
class Field:
    """A field of a message."""

    kind: str | Enum | Mapping[str, Field]
    """`string`, `bool`, `int64`, `timestamp`, `duration`, an enum or a message."""
    repeated: bool = False
    oneof: str | None = None


Message = Mapping[str, Field]


def _enum(*names: str) -> Enum:
    return Enum({name: number for number, name in enumerate(names)})


STRING, BOOL, INT64 = Field("string"), Field("bool"), Field("int64")
DATA_SOURCE = _enum(
    "DATA_SOURCE_TYPE_UNSPECIFIED",
    "DATA_SOURCE_TYPE_FIRST_PARTY",
    "DATA_SOURCE_TYPE_THIRD_PARTY_CREDIT_BUREAU",
    "DATA_SOURCE_TYPE_THIRD_PARTY_VOTER_FILE",
    "DATA_SOURCE_TYPE_THIRD_PARTY_PARTNER_DATA",
)
CONSENT_STATUS = _enum("CONSENT_STATUS_UNSPECIFIED", "CONSENT_GRANTED", "CONSENT_DENIED")
CONSENT: Message = {"adUserData": Field(CONSENT_STATUS), "adPersonalization": Field(CONSENT_STATUS)}
ACCOUNT: Message = {
    "product": Field(
        _enum(
            "PRODUCT_UNSPECIFIED",
            "GOOGLE_ADS",
            "DISPLAY_VIDEO_PARTNER",
            "DISPLAY_VIDEO_ADVERTISER",
            "DATA_PARTNER",
        )
    ),
    "accountId": STRING,
    "accountType": Field(
        _enum(
            "ACCOUNT_TYPE_UNSPECIFIED",
            "GOOGLE_ADS",
            "DISPLAY_VIDEO_PARTNER",
            "DISPLAY_VIDEO_ADVERTISER",
            "DATA_PARTNER",
            "GOOGLE_ANALYTICS_PROPERTY",
            "GOOGLE_AD_MANAGER_AUDIENCE_LINK",
            "FLOODLIGHT_CONFIG",
            "GOOGLE_AD_MANAGER",
        )
    ),
}
DESTINATION: Message = {
    "reference": STRING,
    "loginAccount": Field(ACCOUNT),
    "linkedAccount": Field(ACCOUNT),
    "operatingAccount": Field(ACCOUNT),
    "productDestinationId": STRING,
}
ADDRESS: Message = {
    "givenName": STRING,
    "familyName": STRING,
    "regionCode": STRING,
    "postalCode": STRING,
    "addressLine": STRING,
    "city": STRING,
    "administrativeArea": STRING,
}
USER_IDENTIFIER: Message = {
    "emailAddress": Field("string", oneof="identifier"),
    "phoneNumber": Field("string", oneof="identifier"),
    "address": Field(ADDRESS, oneof="identifier"),
}
USER_DATA: Message = {"userIdentifiers": Field(USER_IDENTIFIER, repeated=True)}
IP_DATA: Message = {
    "ipAddress": STRING,
    "observeStartTime": Field("timestamp"),
    "observeEndTime": Field("timestamp"),
}
MEMBER: Message = {
    "destinationReferences": Field("string", repeated=True),
    "userData": Field(USER_DATA, oneof="data"),
    "compositeData": Field(
        {"userData": Field(USER_DATA), "ipData": Field(IP_DATA, repeated=True)}, oneof="data"
    ),
    "mobileData": Field({"mobileIds": Field("string", repeated=True)}, oneof="data"),
    "userIdData": Field({"userId": STRING}, oneof="data"),
    "consent": Field(CONSENT),
}
REMOVE: Message = {
    "destinations": Field(DESTINATION, repeated=True),
    "audienceMembers": Field(MEMBER, repeated=True),
    "encoding": Field(_enum("ENCODING_UNSPECIFIED", "HEX", "BASE64")),
    "validateOnly": BOOL,
}
INGEST: Message = {
    **REMOVE,
    "consent": Field(CONSENT),
    "termsOfService": Field(
        {
            "customerMatchTermsOfServiceStatus": Field(
                _enum("TERMS_OF_SERVICE_STATUS_UNSPECIFIED", "ACCEPTED", "REJECTED")
            )
        }
    ),
}
REMOVE_ALL: Message = {
    "destinations": Field(DESTINATION, repeated=True),
    "removeAsOfTime": Field("timestamp"),
    "validateOnly": BOOL,
}
USER_LIST: Message = {
    "name": STRING,
    "id": INT64,
    "displayName": STRING,
    "description": STRING,
    "membershipStatus": Field(_enum("MEMBERSHIP_STATUS_UNSPECIFIED", "OPEN", "CLOSED")),
    "integrationCode": STRING,
    "membershipDuration": Field("duration"),
    "ingestedUserListInfo": Field(
        {
            "uploadKeyTypes": Field(
                _enum(
                    "UPLOAD_KEY_TYPE_UNSPECIFIED",
                    "CONTACT_ID",
                    "MOBILE_ID",
                    "USER_ID",
                    "PAIR_ID",
                    "PSEUDONYMOUS_ID",
                ),
                repeated=True,
            ),
            "contactIdInfo": Field({"dataSourceType": Field(DATA_SOURCE)}),
            "mobileIdInfo": Field(
                {
                    "dataSourceType": Field(DATA_SOURCE),
                    "keySpace": Field(_enum("KEY_SPACE_UNSPECIFIED", "IOS", "ANDROID")),
                    "appId": STRING,
                }
            ),
        }
    ),
}


def parse(message: Message, value: Any, path: str = "") -> dict[str, Any]:
    """The message in camel case with enum names; null fields are as if absent.

    Raises:
        MessageError: the JSON doesn't fit.
    """
    if not isinstance(value, dict):
        raise MessageError(f"'{path or 'body'}' must be an object")
    parsed: dict[str, Any] = {}
    chosen: dict[str, str] = {}
    for key, entry in value.items():
        name = re.sub(r"_([a-z])", lambda match: match[1].upper(), key)
        field = message.get(name)
        where = f"{path}.{name}" if path else name
        if field is None:
            raise MessageError(f"unknown name at '{path or 'body'}': cannot find field {name[:60]}")
        if entry is None:
            continue
        if field.oneof and chosen.setdefault(field.oneof, name) != name:
            raise MessageError(f"oneof '{field.oneof}' is already set at '{path}'")
        if field.repeated:
            if not isinstance(entry, list):
                raise MessageError(f"'{where}' must be a list")
            parsed[name] = [_value(field, item, f"{where}[{index}]") for index, item in enumerate(entry)]
        else:
            parsed[name] = _value(field, entry, where)
    return parsed


def _value(field: Field, value: Any, path: str) -> Any:
    kind = field.kind
    if isinstance(kind, Enum):
        return _enum_name(kind, value, path)
    if not isinstance(kind, str):
        return parse(kind, value, path)
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "int64" and not isinstance(value, bool) and re.fullmatch(r"-?\d+", str(value)):
        return int(value)
    if isinstance(value, str) and kind not in ("bool", "int64") and _fits(kind, value):
        return value
    raise MessageError(f"'{path}' must be a {kind}")


def _fits(kind: str, text: str) -> bool:
    if kind == "duration":
        return re.fullmatch(r"\d+(\.\d{1,9})?s", text) is not None
    if kind == "timestamp":
        try:
            return datetime.fromisoformat(text).tzinfo is not None
        except ValueError:
            return False
    return True


def _enum_name(enum: Enum, value: Any, path: str) -> str:
    if isinstance(value, str) and value in enum.numbers:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        for name, number in enum.numbers.items():
            if number == value:
                return name
    raise MessageError(f"'{path}' is no value of its enum")
