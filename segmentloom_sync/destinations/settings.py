"""What every destination's block in segmentloom.yml may say."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(value: object) -> object:
    """`30m`, `90s`, `2h` or `1d` as a timedelta; anything else is left to pydantic."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+) ?([smhd])", value.strip())):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    return value


Duration = Annotated[timedelta, BeforeValidator(duration)]


def _sendable(secret: SecretStr) -> SecretStr:
    """Tokens travel in headers; one that was read from a file with its line end would break the request."""
    text = secret.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must not be empty or hold line ends, blanks or non-ASCII characters")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_sendable)]
"""A token or password of a platform."""


def phone_region(text: str) -> str:
    """Two capital letters of a region that has telephone numbers, as `phonenumbers` knows them.

    Raises:
        ValueError: it is none.
    """
    import phonenumbers

    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("must be the two capital letters of a country, such as DE or US")
    return text


class DestinationSettings(BaseModel):
    """Settings that all destinations share; each adds its account, its credentials and its defaults.

    Unknown keys are errors. Secrets are `Secret` in the subclasses, so that no repr shows them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    type: str
    base_url: str
    """Scheme, host and an optional prefix; version and path are added."""
    api_version: str
    token_url: str | None = None
    """Where access tokens are renewed, for the platforms that renew them."""
    batch_size: int = Field(ge=1)
    max_retries: int = Field(default=5, ge=0, le=20)
    """How often the runner repeats a request that may succeed later."""
    consent: Literal["granted", "denied", "from_profile"] = "from_profile"
    poll_after: Duration = timedelta(minutes=30)
    """When an asynchronous request is first asked about."""
    default_phone_region: Annotated[str, AfterValidator(phone_region)] | None = Field(
        default=None, json_schema_extra={"examples": ["DE", "US"]}
    )
    """The country of phone numbers without a country code; `load` reads them so. One for all destinations."""

    def digest(self) -> str:
        """Of what decides where a list is and what it gets: another account gives another one.

        Secrets are no part of it, nor is how patiently the platform is asked.
        """
        said = self.model_dump(mode="json", exclude={"max_retries", "poll_after", "token_url"})
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    @field_validator("base_url", "token_url")
    @classmethod
    def _https(cls, url: str | None) -> str | None:
        """https everywhere, http for loopback only: no token and no identifier travels in clear."""
        if url is None:
            return None
        parts = urlsplit(url)
        try:
            parts.port  # noqa: B018  reading it checks it
        except ValueError:
            raise ValueError("must have a port from 0 to 65535, or none") from None
        if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
            raise ValueError("must be scheme, host and an optional path, e.g. https://example.com/prefix")
        if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
            return url.rstrip("/")
        raise ValueError("must start with https:// (http:// is for this machine only)")


SettingsType = type[DestinationSettings]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
