"""Messy identifiers: what is sent of them, and how the rest is counted, against plain Python."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import phonenumbers
import pytest
import yaml

from segmentloom_sync import simulators
from segmentloom_sync.simulators import Platform
from tests.workspace import Workspace

REGION = "US"
HASH = sha256(b"ann@example.com").hexdigest()
EMAILS: list[Any] = [
    "Ann.{n}@Example.com", " b+{n}@gmail.com ", "c{n}@example.com", "inner {n}@example.com",
    None, "", "no address", HASH, HASH.upper(), "test@test.com", "noreply@example.com", "someone{n}@none.com",
    "n/a", "none", "x{n}@host.invalid", 7, "a@b@c{n}.com",
]  # fmt: skip
PHONES: list[Any] = [
    "+1 650 555 {n}", "(650) 555-{n}", "0049 30 12{n}", "+44 (0)113 496 {n}", "1650555{n}", 16505550000,
    None, "", "0000000000", "+1 (555) 555-5555", "1234567890", HASH, "call me", "555-{n}", "+1 555 12",
    "unknown", "+49 1111111111", "+999 1234{n}",
]  # fmt: skip
AUDIENCE = """
match: {event: Order Completed}
sync:
  - {destination: google_ads, list: Buyers, identifiers: [email, phone]}
  - {destination: meta, list: Buyers, identifiers: [email, phone]}
  - {destination: linkedin, list: Buyers}
"""
NOBODY = re.compile(r"(test|noreply)@.*|.*@(none\.com|[^@]*\.invalid)")
BLOCKED = {"n/a", "none", "unknown"}
CAUSES = ("missing", "malformed", "placeholder", "double_hashed", "no_country_code")


def email_outcome(rule: str, stated: Any) -> str:
    """The normalised address, or the cause why there is none; causes have no @."""
    text = stated.strip(" \t\n").lower() if isinstance(stated, str) else ""
    if not text:
        return "missing" if stated in (None, "") else "malformed"
    if re.fullmatch("[0-9a-f]{64}", text):
        return "double_hashed"
    if text in BLOCKED or NOBODY.fullmatch(text):
        return "placeholder"
    if rule == "linkedin":
        text = text.replace(" ", "")
    local, _, domain = text.partition("@")
    if not local or not domain or "@" in domain or " " in text:
        return "malformed"
    if rule == "google_ads" and domain == "gmail.com":
        local = local.partition("+")[0].replace(".", "")
    return f"{local}@{domain}"


def phone_outcome(stated: Any) -> str:
    """The number as + and digits, or the cause why there is none."""
    text = str(stated or "").strip()
    digits = re.sub(r"\D", "", text)
    if not text:
        return "missing"
    if text == HASH:
        return "double_hashed"
    if (
        text in BLOCKED
        or len(set(digits)) == 1
        or re.search(r"^\d{0,3}1234567890?$|^\d{1,3}(\d)\1{7,}$", digits)
    ):
        return "placeholder"
    try:
        number = phonenumbers.parse(re.sub("^00(?=[1-9])", "+", text), REGION)
        if phonenumbers.is_possible_number(number) and len(digits) >= 8:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    return "no_country_code" if re.fullmatch(r"[1-9][\d ()-]{4,13}", text) else "malformed"


def people(size: int) -> list[tuple[Any, Any]]:
    """Addresses and numbers, shapes of both mixed at random."""
    chance = random.Random(11)
    found = []
    for number in range(size):
        mail, call = chance.choice(EMAILS), chance.choice(PHONES)
        filled = [
            value.format(n=1000 + number) if isinstance(value, str) else value for value in (mail, call)
        ]
        found.append((filled[0], filled[1]))
    return found


@pytest.fixture(scope="module")
def platforms() -> Iterator[dict[str, Platform]]:
    with simulators.running() as running:
        yield {name: running[name] for name in ("google_ads", "meta", "linkedin")}


PEOPLE = people(300)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, platforms: dict[str, Platform]) -> Workspace:
    workspace = Workspace.create(tmp_path_factory.mktemp("hygiene") / "project")
    workspace.audience("buyers", AUDIENCE)
    settings = {name: platform.settings() for name, platform in platforms.items()}
    settings["meta"]["default_phone_region"] = REGION
    (workspace.path / "segmentloom.yml").write_text(yaml.safe_dump({"destinations": settings}))
    at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    lines = []
    for number, (mail, call) in enumerate(PEOPLE):
        consent = {"ad_user_data": "granted", "ad_personalization": "granted"}
        common = {"user_id": f"u{number}", "timestamp": at, "context": {"consent": consent}}
        lines += [
            {**common, "type": "identify", "traits": {"email": mail, "phone": call}},
            {**common, "event": "Order Completed"},
        ]
    file = workspace.path / "events.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    loaded = workspace.json("load", str(file))
    stated = [call for _, call in PEOPLE if call not in (None, "")]
    readable = [call for call in stated if e164_of(call)]
    assert loaded["unusable_phones"] == len(stated) - len(readable)
    workspace.json("run")
    return workspace


def e164_of(call: Any) -> bool:
    text = re.sub("^00(?=[1-9])", "+", str(call))
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE


def outcomes(destination: str, kind: str) -> list[str]:
    if kind == "phone":
        return [phone_outcome(call) for _, call in PEOPLE]
    return [email_outcome(destination, mail) for mail, _ in PEOPLE]


def test_only_usable_identifiers_are_sent(workspace: Workspace, platforms: dict[str, Platform]) -> None:
    for name, platform in platforms.items():
        sent = {(key.type, key.value) for entry in platform.lists for key in entry.members}
        expected = {("email", one) for one in outcomes(name, "email") if "@" in one}
        if name != "linkedin":
            numbers = {one for one in outcomes(name, "phone") if one.startswith("+")}
            expected |= {("phone", one.removeprefix("+") if name == "meta" else one) for one in numbers}
        assert sent == {(kind, sha256(text.encode()).hexdigest()) for kind, text in expected}


def test_the_causes_are_counted_and_stored(workspace: Workspace) -> None:
    entries = workspace.json("match-rates")["identifiers"]
    assert [(entry["destination"], entry["identifier_type"]) for entry in entries] == [
        ("google_ads", "email"), ("google_ads", "phone"), ("meta", "email"), ("meta", "phone"),
        ("linkedin", "email"),
    ]  # fmt: skip
    for entry in entries:
        found = Counter(outcomes(entry["destination"], entry["identifier_type"]))
        causes = {cause: found[cause] for cause in CAUSES}
        usable = len(PEOPLE) - sum(causes.values())
        assert (entry["members"], entry["usable"], entry["causes"]) == (len(PEOPLE), usable, causes), entry
        [stored] = entry["history"]
        assert (stored["members"], stored["usable"], stored["causes"]) == (len(PEOPLE), usable, causes)


def test_the_report_names_causes_and_no_value(workspace: Workspace) -> None:
    text = workspace.cli("match-rates").stdout
    assert "no country code" in text
    assert "double hashed" in text
    assert "@" not in text
    assert HASH not in text


@pytest.mark.slow
def test_numbers_of_a_table_of_ones_own_are_read_by_the_var(tmp_path: Path) -> None:
    source = {
        "name": "crm",
        "kind": "custom",
        "relation": "shop.people",
        "columns": {"user_id": "id", "occurred_at": "seen", "traits": {"phone": "phone"}},
        "constants": {"type": "identify"},
    }
    variables = {"segmentloom_sources": [source], "segmentloom_default_phone_region": "DE"}
    workspace = Workspace.create(tmp_path / "project", variables=variables)
    file = str(workspace.path / "warehouse.duckdb")
    with duckdb.connect(file) as connection:
        connection.execute("create schema shop")
        connection.execute(
            "create table shop.people as select id, phone, timestamp '2026-01-01' as seen from (values"
            " ('ann', '0171 1234567'), ('bob', '+1 650 555 1212'), ('cat', 'none of it'), ('dan', null)"
            ") as people (id, phone)"
        )
    selected = ("+segmentloom__hashed_identifiers", "segmentloom__identifier_problems")
    workspace.dbt("build", "--exclude-resource-type", "unit_test", "--select", *selected)
    with duckdb.connect(file, read_only=True) as connection:
        rows = connection.sql(
            "select events.user_id, events.phone, profiles.phone, problems.problem from segmentloom.events"
            " join segmentloom.profiles on profiles.user_id = events.user_id"
            " left join segmentloom.identifier_problems as problems"
            " on problems.profile_id = profiles.profile_id and problems.identifier_type = 'phone'"
            " order by events.user_id"
        ).fetchall()
    assert rows == [
        ("ann", "+491711234567", "+491711234567", None),
        ("bob", "+16505551212", "+16505551212", None),
        ("cat", None, "none of it", "malformed"),
        ("dan", None, None, "missing"),
    ]
