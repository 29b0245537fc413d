"""Google credentials from a dbt-bigquery target, by the same methods."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from segmentloom_sync.errors import ConfigError, CredentialsError
from segmentloom_sync.project import Project

_SCOPES = (
    "https://www.googleapis.com/auth/bigquery",
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/drive",
    "https://www.googleapis.com/auth/userinfo.email",
)


def google_credentials(project: Project) -> Any:
    """The credentials that the target's `method` describes.

    Raises:
        ConfigError: the method is not supported, or a setting of it is missing or unreadable.
        CredentialsError: this machine has no credentials of its own, which `method: oauth` needs.
    """
    output = project.output
    scopes = tuple(output.get("scopes") or _SCOPES)
    method = output.get("method")
    make = _METHODS.get(str(method))
    if make is None:
        raise ConfigError(
            f"target {project.target!r} has method {method!r}, which is not supported",
            hint=f"supported are {', '.join(_METHODS)}",
        )
    try:
        credentials = make(output, scopes)
    except (KeyError, ValueError, OSError) as error:
        # The error's own text may hold parts of a key.
        raise ConfigError(
            f"target {project.target!r}: the settings of method {method!r} are incomplete or unreadable"
        ) from (error if isinstance(error, KeyError) else None)
    account = output.get("impersonate_service_account")
    return _impersonated(credentials, account, scopes) if account else credentials


def _oauth(_: Mapping[str, Any], scopes: Sequence[str]) -> Any:
    import google.auth
    import google.auth.exceptions

    try:
        credentials, _project = google.auth.default(scopes=scopes)
    except google.auth.exceptions.DefaultCredentialsError:
        raise CredentialsError(
            "no Google credentials on this machine", hint="gcloud auth application-default login"
        ) from None
    return credentials


def _oauth_secrets(output: Mapping[str, Any], scopes: Sequence[str]) -> Any:
    from google.oauth2.credentials import Credentials

    return Credentials(
        token=output.get("token"),
        refresh_token=output.get("refresh_token"),
        client_id=output.get("client_id"),
        client_secret=output.get("client_secret"),
        token_uri=output.get("token_uri"),
        scopes=scopes,
    )


def _service_account(output: Mapping[str, Any], scopes: Sequence[str]) -> Any:
    from google.oauth2.service_account import Credentials

    return Credentials.from_service_account_file(output["keyfile"], scopes=scopes)


def _service_account_json(output: Mapping[str, Any], scopes: Sequence[str]) -> Any:
    from google.oauth2.service_account import Credentials

    details = output["keyfile_json"]
    if isinstance(details, str):
        try:
            details = json.loads(base64.b64decode(details, validate=True))
        except binascii.Error:
            details = json.loads(details)
    details = {**details, "private_key": details["private_key"].replace("\\n", "\n")}
    return Credentials.from_service_account_info(details, scopes=scopes)


def _impersonated(credentials: Any, account: str, scopes: Sequence[str]) -> Any:
    from google.auth.impersonated_credentials import Credentials

    return Credentials(source_credentials=credentials, target_principal=account, target_scopes=list(scopes))


_METHODS: Mapping[str, Callable[[Mapping[str, Any], Sequence[str]], Any]] = {
    "oauth": _oauth,
    "oauth-secrets": _oauth_secrets,
    "service-account": _service_account,
    "service-account-json": _service_account_json,
}
