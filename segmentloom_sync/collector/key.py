"""API keys: what one is, how its text is made and compared.

A key reads `sk_<id>_<secret>` (secret: a server's) or `pk_<id>_<secret>` (public: in a page or an app, where
anybody can read it; it can only send events). It is looked up by its id. Of the secret, 256 random bits, only
the SHA-256 is stored: no dictionary finds it, so a slow hash would only slow the collector down.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Scope = Literal["secret", "public"]

PREFIXES: Final[dict[Scope, str]] = {"secret": "sk", "public": "pk"}
ID_LENGTH: Final = 12
SECRET_BYTES: Final = 32
LONGEST_NAME: Final = 100
_SCOPES: Final = {prefix: scope for scope, prefix in PREFIXES.items()}
_LETTERS: Final = string.ascii_lowercase + string.digits

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class Secret(BaseModel):
    """The hash of one secret of a key; a rotated key has two for a while."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    expires_at: AwareDatetime | None = None


class Key(BaseModel):
    """A key as it is stored: without its secret.

    Attributes:
        source: the `source_id` of the events that come with it.
        origins: the web pages that may use a public key, as `https://shop.example`; none: any page or app.
        rate: events a second; None: no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=rf"^[a-z0-9]{{{ID_LENGTH}}}$")
    name: Name
    scope: Scope
    source: Name
    origins: tuple[str, ...] = ()
    rate: float | None = Field(default=None, gt=0)
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None = None
    secrets: tuple[Secret, ...]


class KeyText(NamedTuple):
    """The parts of a key's text."""

    scope: Scope
    id: str
    secret: str

    def __str__(self) -> str:
        return f"{PREFIXES[self.scope]}_{self.id}_{self.secret}"

    def stored(self) -> Secret:
        """What is kept of the secret."""
        return Secret(sha256=hashlib.sha256(self.secret.encode()).hexdigest())


def new_text(scope: Scope, key_id: str | None = None) -> KeyText:
    """A key that nobody has; with `key_id` a new secret for that one."""
    made = key_id or "".join(secrets.choice(_LETTERS) for _ in range(ID_LENGTH))
    return KeyText(scope, made, secrets.token_urlsafe(SECRET_BYTES))


def parse(text: str) -> KeyText | None:
    """The parts of a text, or None when it is no key's."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    scope = _SCOPES.get(prefix)
    return KeyText(scope, key_id, secret) if scope and key_id and secret else None
