"""Whose request it is: finds the key in it, and says whether the key may do what is asked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qs

from segmentloom_sync.collector.key import Key, parse
from segmentloom_sync.collector.origins import Origins
from segmentloom_sync.collector.rate import Bucket
from segmentloom_sync.collector.request import Refusal, Request

Place = Literal["header", "query", "body"]
KEY_NAMES: Final = ("writeKey", "write_key")
"""What a key is called in a query or a body."""
_LONGEST_TEXT: Final = 200
_MOST_OPENED: Final = 10_000
_NOBODYS: Final = bytes(32)


class Credential(NamedTuple):
    """A key's text as it was found in a request. Holds a secret: never print it."""

    text: str
    place: Place


class Caller:
    """A live key while the collector runs.

    Attributes:
        bucket: None: it may send as fast as it can.
    """

    __slots__ = ("_hashes", "bucket", "is_secret", "key", "origins")

    def __init__(self, key: Key, bucket: Bucket | None) -> None:
        self.key = key
        self.bucket = bucket
        self.is_secret = key.scope == "secret"
        self.origins = frozenset(key.origins)
        self._hashes = [(bytes.fromhex(one.sha256), one.expires_at) for one in key.secrets]

    def opens(self, secret: bytes, clock: Callable[[], datetime]) -> bool:
        """Whether a secret is one of the key's, found out in the same time whatever it is."""
        digest = hashlib.sha256(secret).digest()
        found = False
        for known, expires_at in self._hashes:
            found |= hmac.compare_digest(known, digest) and (expires_at is None or clock() < expires_at)
        return found


class Callers:
    """The keys of a running collector, by their ids.

    Args:
        keys: all keys, revoked ones too.
        monotonic: seconds of a clock that never goes back.
        clock: the time, aware.
        before: the callers so far: a key whose rate has not changed keeps what it has used up.
        allows_body_key: a secret key may be in the body, too.
    """

    def __init__(
        self,
        keys: Iterable[Key],
        monotonic: Callable[[], float],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        before: Callers | None = None,
        *,
        allows_body_key: bool = False,
    ) -> None:
        self._clock = clock
        self._places_of_secrets = ("header", "body") if allows_body_key else ("header",)
        self._callers: dict[str, Caller] = {}
        self._opened: dict[str, Caller] = {}
        for key in keys:
            if key.revoked_at is None:
                bucket = None if key.rate is None else Bucket(key.rate, monotonic())
                known = before and before._callers.get(key.id)
                if known and known.bucket and known.bucket.rate == key.rate:
                    bucket = known.bucket
                self._callers[key.id] = Caller(key, bucket)
        self.origins = Origins(
            caller.key.origins for caller in self._callers.values() if not caller.is_secret
        )

    def __len__(self) -> int:
        return len(self._callers)

    def identify(self, credential: Credential) -> Caller:
        """The key of a request.

        Raises:
            Refusal: 401, there is no such key; 403, it may not come from where it was found.
        """
        text, place = credential
        parts = parse(text) if len(text) <= _LONGEST_TEXT else None
        if parts is None:
            raise unauthorized()
        scope, key_id, secret_text = parts
        secret = secret_text.encode()
        caller = self._callers.get(key_id)
        if caller is None or caller.key.scope != scope:
            # The same work as for a known id, so that answers tell nothing by their time.
            hmac.compare_digest(_NOBODYS, hashlib.sha256(secret).digest())
            raise unauthorized()
        if not caller.opens(secret, self._clock):
            raise unauthorized()
        if caller.is_secret and place not in self._places_of_secrets:
            raise Refusal(403, "forbidden", f"a secret key may not be in the {place}: send it in a header")
        return caller

    def identify_head(self, request: Request) -> Caller | None:
        """The key in the head of a request; None: it has none, and the body may.

        A header that has opened a key for good does so again without being taken apart: these objects are
        made anew when the keys change.

        Raises:
            Refusal: 401 or 403.
        """
        authorization = request.header("authorization")
        opened = self._opened.get(authorization or "")
        if opened is not None:
            return opened
        credential = credential_of(request)
        if credential is None:
            return None
        caller = self.identify(credential)
        if authorization and len(caller.key.secrets) == 1 and len(self._opened) < _MOST_OPENED:
            self._opened[authorization] = caller
        return caller

    def is_public(self, text: str) -> bool:
        """Whether a text is a live public key."""
        try:
            return not self.identify(Credential(text, "header")).is_secret
        except Refusal:
            return False


def credential_of(request: Request) -> Credential | None:
    """The first key in the head of a request; None: it has none, and the body may.

    Raises:
        Refusal: 401, the header Authorization cannot be read.
    """
    authorization = request.header("authorization")
    if authorization:
        return Credential(_of_authorization(authorization), "header")
    write_key = request.header("x-write-key")
    if write_key:
        # Jitsu's library wants a colon in a key; what follows it says nothing here.
        return Credential(write_key.partition(":")[0].strip(), "header")
    if request.query:
        query = parse_qs(request.query, max_num_fields=50) if request.query.count("&") < 50 else {}
        for name in KEY_NAMES:
            if name in query:
                return Credential(query[name][0], "query")
    return None


def credential_in(body: Mapping[str, Any]) -> Credential:
    """The key in the body of a request.

    Raises:
        Refusal: 401, it has none.
    """
    for name in KEY_NAMES:
        text = body.get(name)
        if isinstance(text, str) and text:
            return Credential(text, "body")
    raise unauthorized()


def check_origin(caller: Caller, origin: str | None) -> None:
    """Keep other pages from using a public key that is bound to some.

    Raises:
        Refusal: 403.
    """
    if caller.origins and origin not in caller.origins:
        raise Refusal(403, "forbidden", "this key is for other origins: segmentloom-sync keys list")


def unauthorized() -> Refusal:
    """The one answer to no key, an unknown one and a wrong one."""
    return Refusal(
        401, "unauthorized", "no key, or an unknown or revoked one", headers={"www-authenticate": "Bearer"}
    )


def _of_authorization(header: str) -> str:
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            pass
    raise unauthorized()
