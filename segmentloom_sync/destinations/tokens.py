"""Access tokens: fixed ones, and ones that are renewed with a refresh token or a service account's key."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import SecretStr

from segmentloom_sync.destinations import http
from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import ConfigError, CredentialsError, Unavailable

if TYPE_CHECKING:
    import requests

SPARE = timedelta(seconds=60)
"""A token is renewed this long before its end, so that it does not end on the way."""


class TokenSource(Protocol):
    """Where a destination gets its access token."""

    def token(self) -> str:
        """The current token. Raises CredentialsError or Unavailable."""
        ...

    def renew(self) -> bool:
        """Forget the current token, because it was refused; False when there is no way to another."""
        ...


class FixedToken:
    """A token from the settings that cannot be renewed."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def token(self) -> str:
        """The token."""
        return self._token.get_secret_value()

    def renew(self) -> bool:
        """Never."""
        return False


class Grant(Protocol):
    """The form that is exchanged for a token."""

    def form(self, now: datetime) -> Mapping[str, str]:
        """The fields to post."""
        ...


class RefreshTokenGrant:
    """OAuth 2.0 refresh token (RFC 6749, 6)."""

    def __init__(self, client_id: str, client_secret: SecretStr, refresh_token: SecretStr) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._refresh_token = refresh_token

    def form(self, now: datetime) -> Mapping[str, str]:
        """The fields to post."""
        return {
            "grant_type": "refresh_token",
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
            "refresh_token": self._refresh_token.get_secret_value(),
        }


class ServiceAccountGrant:
    """A JWT signed with a service account's key (RFC 7523, as Google takes it).

    Args:
        key: the JSON key file's content.
        scope: the OAuth scope to ask for.
        audience: the token URL, as the token server knows itself.

    Raises:
        ConfigError: the key is none, or the package `cryptography` is missing.
    """

    def __init__(self, key: Mapping[str, Any], scope: str, audience: str) -> None:
        try:
            self._email, pem = str(key["client_email"]), str(key["private_key"])
        except KeyError as missing:
            raise ConfigError(
                f"the service account key has no {missing}", hint="download the JSON key of the account again"
            ) from None
        self._scope, self._audience = scope, audience
        try:
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
        except ImportError:
            raise ConfigError(
                "a service account needs the package cryptography", hint="pip install cryptography"
            ) from None
        try:
            self._key: Any = load_pem_private_key(pem.encode(), password=None)
        except ValueError:
            raise ConfigError(
                "the private key of the service account cannot be read",
                hint="download the JSON key of the account again",
            ) from None

    def form(self, now: datetime) -> Mapping[str, str]:
        """The fields to post."""
        issued = int(now.timestamp())
        claims = {
            "iss": self._email,
            "scope": self._scope,
            "aud": self._audience,
            "iat": issued,
            "exp": issued + 3600,
        }
        return {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": self._sign({"alg": "RS256", "typ": "JWT"}, claims),
        }

    def _sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        text = f"{_base64url(json.dumps(header).encode())}.{_base64url(json.dumps(claims).encode())}"
        return f"{text}.{_base64url(self._key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class RenewedToken:
    """A token that is fetched when first needed and again before it ends.

    Args:
        first: a token from the settings to begin with, if any.
    """

    def __init__(
        self,
        platform: str,
        url: str,
        grant: Grant,
        clock: Clock,
        session: requests.Session,
        first: SecretStr | None = None,
    ) -> None:
        self._platform, self._url, self._grant = platform, url, grant
        self._clock, self._session = clock, session
        self._token = first.get_secret_value() if first else None
        self._ends_at: datetime | None = None

    def token(self) -> str:
        """The current token. Raises CredentialsError or Unavailable."""
        now = self._clock.now()
        if self._token is None or (self._ends_at is not None and now >= self._ends_at - SPARE):
            self._token = self._fetch(now)
        return self._token

    def renew(self) -> bool:
        """Forget the current token."""
        self._token = None
        return True

    def _fetch(self, now: datetime) -> str:
        platform = f"{self._platform} token server"
        reply = http.send(
            self._session, platform, "POST", self._url, auth=http.Anonymous(), data=self._grant.form(now)
        )
        if fault := http.server_fault(platform, reply, now):
            raise fault
        if reply.status == 429:
            raise Unavailable(f"{platform} is over quota", retry_after=http.retry_after(reply.headers, now))
        token = reply.object().get("access_token")
        if not reply.is_ok or not isinstance(token, str):
            code = reply.object().get("error")
            raise CredentialsError(
                f"{self._platform} refused the credentials ({_word(code) or f'status {reply.status}'})",
                hint="grant access anew and put the new credentials in the environment",
            )
        lifetime = reply.object().get("expires_in")
        self._ends_at = now + timedelta(seconds=lifetime) if isinstance(lifetime, int) else None
        return token


def _word(code: object) -> str | None:
    """An error code such as `invalid_grant`; nothing longer may reach a message."""
    return code if isinstance(code, str) and len(code) <= 40 and code.replace("_", "").isalnum() else None
