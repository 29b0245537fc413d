"""Signatures of webhooks, as Standard Webhooks 1.0 has them (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from segmentloom_sync.destinations.settings import Secret

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def _checked(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    try:
        is_good = text.startswith(PREFIX) and len(_key(text)) in KEY_BYTES
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError(f"must be {PREFIX} and 24 to 64 random bytes in base64")
    return secret


SigningSecret = Annotated[Secret, AfterValidator(_checked)]
"""`whsec_` and a key of 24 to 64 bytes in base64."""


def sign(secrets: Sequence[SecretStr], webhook_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one `v1,` signature for each secret, parted by blanks.

    Args:
        secrets: the present one, and while it is being replaced the former one too.
        webhook_id: the header `webhook-id`.
        timestamp: seconds since 1970, the header `webhook-timestamp`.
        body: exactly what is sent.
    """
    content = b".".join([webhook_id.encode(), str(timestamp).encode(), body])
    signatures = [hmac.digest(_key(secret.get_secret_value()), content, hashlib.sha256) for secret in secrets]
    return " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in signatures)
