"""How targets of the cloud warehouses log in; the keys are made here and open nothing."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.bigquery_credentials import google_credentials
from segmentloom_sync.warehouse.snowflake_credentials import login
from tests.workspace import Workspace


def project(tmp_path: Path, **output: Any) -> Project:
    workspace = Workspace.create(tmp_path / "project", output={"schema": "segmentloom", **output})
    return Project.find(workspace.path)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey, password: bytes | None = None) -> str:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    ).decode()


def der(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


SNOWFLAKE = {"type": "snowflake", "account": "ab1", "user": "me", "database": "analytics"}


def test_snowflake_takes_a_key_in_every_form(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    file = tmp_path / "key.p8"
    file.write_text(pem(key, b"open sesame"))
    forms: list[dict[str, str]] = [
        {"private_key": pem(key)},
        {"private_key": base64.b64encode(der(key)).decode()},
        {"private_key_path": str(file), "private_key_passphrase": "open sesame"},
    ]
    for number, form in enumerate(forms):
        arguments = login(project(tmp_path / str(number), **SNOWFLAKE, **form))
        assert arguments["private_key"] == der(key)
        assert (arguments["account"], arguments["user"]) == ("ab1", "me")


def test_snowflake_passes_passwords_and_tokens_on(tmp_path: Path) -> None:
    assert login(project(tmp_path / "a", **SNOWFLAKE, password="pw"))["password"] == "pw"
    token = login(project(tmp_path / "b", **SNOWFLAKE, authenticator="jwt", token="t"))
    assert (token["authenticator"], token["token"]) == ("oauth", "t")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"private_key": "no key at all"}, "the private key cannot be read"),
        ({"private_key_path": "/nowhere/key.p8"}, "the private key cannot be read"),
        ({"account": ""}, "no `account`"),
        ({"oauth_client_secret": "hush"}, "not supported"),
    ],
)
def test_snowflake_settings_that_cannot_work_are_named(
    tmp_path: Path, setting: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        login(project(tmp_path, **{**SNOWFLAKE, **setting}))
    assert "hush" not in str(caught.value)


BIGQUERY = {"type": "bigquery", "project": "shop"}


def test_bigquery_takes_a_service_account_in_every_form(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    details = {
        "type": "service_account",
        "client_email": "sync@shop.iam.gserviceaccount.com",
        "private_key": pem(key),
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    file = tmp_path / "key.json"
    file.write_text(json.dumps(details))
    forms: list[dict[str, Any]] = [
        {"method": "service-account", "keyfile": str(file)},
        {"method": "service-account-json", "keyfile_json": details},
        {"method": "service-account-json", "keyfile_json": base64.b64encode(file.read_bytes()).decode()},
    ]
    for number, form in enumerate(forms):
        credentials = google_credentials(project(tmp_path / str(number), **BIGQUERY, **form))
        assert credentials.service_account_email == details["client_email"]


def test_bigquery_may_act_as_another_account(tmp_path: Path) -> None:
    credentials = google_credentials(
        project(
            tmp_path, **BIGQUERY, method="oauth-secrets", token="t", impersonate_service_account="other@x"
        )
    )
    assert credentials.service_account_email == "other@x"


@pytest.mark.parametrize(
    "setting",
    [
        {"method": "magic"},
        {"method": "service-account"},
        {"method": "service-account", "keyfile": "/nowhere/key.json"},
        {"method": "service-account-json", "keyfile_json": "hush"},
        {"method": "service-account-json", "keyfile_json": {"private_key": "hush"}},
    ],
)
def test_bigquery_settings_that_cannot_work_are_named(tmp_path: Path, setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="method") as caught:
        google_credentials(project(tmp_path, **BIGQUERY, **setting))
    assert "hush" not in str(caught.value)
