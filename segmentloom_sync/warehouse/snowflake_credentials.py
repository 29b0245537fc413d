"""What the Snowflake connector needs to log in, from a dbt-snowflake target."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project

_PASSED_ON = (
    "account",
    "user",
    "password",
    "host",
    "port",
    "protocol",
    "proxy_host",
    "proxy_port",
    "database",
    "warehouse",
    "role",
    "authenticator",
    "token",
    "workload_identity_provider",
    "workload_identity_entra_resource",
)


def login(project: Project) -> dict[str, Any]:
    """Arguments for the connector's `connect`.

    Raises:
        ConfigError: a setting is missing, or the private key cannot be read.
    """
    output = project.output
    for name in ("account", "database"):
        if not output.get(name):
            raise ConfigError(f"target {project.target!r} has no `{name}`")
    if output.get("oauth_client_secret"):
        raise ConfigError(
            f"target {project.target!r}: an OAuth client with a refresh token is not supported",
            hint="use a private key, or `authenticator: oauth` with an access token",
        )
    arguments = {name: output[name] for name in _PASSED_ON if output.get(name)}
    if arguments.get("authenticator") == "jwt":
        arguments["authenticator"] = "oauth"
    key = _private_key(output, project.target)
    return {**arguments, **({"private_key": key} if key else {})}


def _private_key(output: Mapping[str, Any], target: str) -> bytes | None:
    given, path = output.get("private_key"), output.get("private_key_path")
    if not given and not path:
        return None
    from cryptography.hazmat.primitives import serialization

    passphrase = output.get("private_key_passphrase")
    password = str(passphrase).encode() if passphrase else None
    try:
        content = Path(str(path)).expanduser().read_bytes() if path else _key_bytes(str(given))
        if content.lstrip().startswith(b"-----"):
            key = serialization.load_pem_private_key(content, password=password)
        else:
            key = serialization.load_der_private_key(content, password=password)
    except (OSError, ValueError, TypeError):
        raise ConfigError(
            f"target {target!r}: the private key cannot be read",
            hint="it must be a PEM or base64 DER key, with `private_key_passphrase` if it is encrypted",
        ) from None
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _key_bytes(text: str) -> bytes:
    if text.lstrip().startswith("-----"):
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("neither PEM nor base64") from error
