"""segmentloom.yml: what it may say, and what is said of a wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segmentloom_sync.destinations.clock import SystemClock
from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.settings import Settings, load_settings
from segmentloom_sync.settings_schema import schema_text

ROOT = Path(__file__).resolve().parents[2]
META = """
destinations:
  meta:
    type: meta
    ad_account_id: act_123
    access_token: "${TEST_META_TOKEN}"
"""
SECRET = "s3cr3t-t0ken"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_META_TOKEN", SECRET)
    monkeypatch.delenv("TEST_UNSET", raising=False)


def settings_of(folder: Path, text: str) -> Settings:
    (folder / "segmentloom.yml").write_text(text)
    return load_settings(folder)


def test_secrets_come_from_the_environment_and_are_never_shown(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, META)
    configured = settings.destinations(["meta"], clock=SystemClock())["meta"]
    assert configured.settings.model_dump()["access_token"].get_secret_value() == SECRET
    assert SECRET not in f"{settings!r} {configured!r} {configured.settings!r}"


def test_blocks_are_read_when_they_are_used(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, META.replace("TEST_META_TOKEN", "TEST_UNSET"))
    assert (settings.names, settings.type_of("meta"), settings.plain("meta", "consent")) == (
        ("meta",),
        "meta",
        None,
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("destinatons: {}\n", "segmentloom.yml:1:1: unknown key 'destinatons'; did you mean 'destinations'?"),
        ("encryption: always\n", "segmentloom.yml:1:13: encryption must be required, preferred, off"),
        ("- a\n", "segmentloom.yml:1:1: must be a mapping"),
        ("destinations: [a]\n", "segmentloom.yml:1:15: destinations must be a mapping of names"),
        ("destinations:\n  Meta: {type: meta}\n", "segmentloom.yml:2:3: 'Meta' must be a name of"),
        ("destinations:\n  meta: {}\n", "segmentloom.yml:2:3: the key 'type' is missing; one of google_ads,"),
        (
            "destinations:\n  meta: {type: mta}\n",
            "segmentloom.yml:2:16: unknown type 'mta'; did you mean 'meta'?",
        ),
        (
            "destinations:\n  meta: {type: meta}\n  meta: {type: meta}\n",
            "segmentloom.yml:3:3: the key 'meta' is there twice",
        ),
        ("destinations: {{ x }}\n", "Jinja ({{) is not allowed in segmentloom.yml"),
        ("a: [\n", "segmentloom.yml:2:1:"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(problem)) as refused:
        settings_of(tmp_path, text)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("acces_token: x", "segmentloom.yml:7:5: unknown key 'acces_token'; did you mean 'access_token'?"),
        ("batch_size: 0", "segmentloom.yml:7:17: batch_size must be 1 or more"),
        ("batch_size: many", "segmentloom.yml:7:17: batch_size must be a whole number"),
        ("consent: maybe", "segmentloom.yml:7:14: consent must be 'granted', 'denied' or 'from_profile'"),
        (
            "default_phone_region: de",
            "segmentloom.yml:7:27: default_phone_region must be the two capital letters of a country",
        ),
        ("poll_after: soon", "segmentloom.yml:7:17: poll_after must be a duration such as 30m or 2h"),
        ("base_url: http://example.com", "segmentloom.yml:7:15: base_url must start with https://"),
        (
            'app_secret: "${TEST_UNSET}"',
            "segmentloom.yml:7:17: needs the environment variable TEST_UNSET, which is not set",
        ),
        ('app_secret: "${}"', "segmentloom.yml:7:17: ${} is no name of an environment variable"),
    ],
)
def test_a_wrong_block_is_refused_with_its_place(tmp_path: Path, line: str, problem: str) -> None:
    settings = settings_of(tmp_path, f"{META}    {line}\n")
    with pytest.raises(DefinitionError, match=re.escape(problem)) as refused:
        settings.destinations(["meta"], clock=SystemClock())
    assert SECRET not in str(refused.value)


def test_all_destinations_name_one_phone_region(tmp_path: Path) -> None:
    text = """
destinations:
  one: {type: meta, default_phone_region: DE}
  two: {type: meta}
  three: {type: meta, default_phone_region: DE}
"""
    assert settings_of(tmp_path, text).default_phone_region() == "DE"
    other = settings_of(
        tmp_path, text.replace("two: {type: meta", "two: {type: meta, default_phone_region: FR")
    )
    message = "segmentloom.yml:4:43: default_phone_region is FR here and DE at one; name one for all"
    with pytest.raises(DefinitionError, match=re.escape(message)):
        other.default_phone_region()
    assert settings_of(tmp_path, META).default_phone_region() is None


def test_a_missing_key_is_named_at_its_block(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, META.replace("    ad_account_id: act_123\n", ""))
    with pytest.raises(DefinitionError, match=r"segmentloom\.yml:3:3: the key 'ad_account_id' is missing"):
        settings.destinations(["meta"], clock=SystemClock())


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, f"{META}    batch_size: 0\n    consent: maybe\n")
    with pytest.raises(DefinitionError) as refused:
        settings.destinations(["meta"], clock=SystemClock())
    assert len(refused.value.problems) == 2


def test_a_destination_that_is_not_there_is_named_with_a_suggestion(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, META)
    with pytest.raises(ConfigError, match="has no destination 'mta'") as refused:
        settings.destinations(["mta"], clock=SystemClock())
    assert refused.value.hint == "did you mean 'meta'?"


def test_a_missing_file_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"segmentloom\.yml not found") as refused:
        load_settings(tmp_path)
    assert refused.value.hint is not None
    assert "segmentloom-sync init" in refused.value.hint


def test_the_example_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "segmentloom.example.yml").read_text()
    for name in re.findall(r'"\$\{([A-Z_]+)\}"', text):
        monkeypatch.setenv(name, f"whsec_{'A' * 32}" if name == "WEBHOOK_SIGNING_SECRET" else "x")
    settings = load_settings(ROOT, ROOT / "segmentloom.example.yml")
    assert set(settings.destinations(settings.names, clock=SystemClock())) == {
        "google_ads",
        "meta",
        "linkedin",
        "tiktok",
        "webhook",
    }


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = (ROOT / "schemas" / "segmentloom.schema.json").read_text()
    assert committed == schema_text(), "run: make docs"
