"""Normalisation of random text against the rules written anew in plain Python."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import phonenumbers
import pytest

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.normalisation import Case, normalised_and_hashed
from tests.workspace import Workspace

PIECES = [
    *"aBé.+-_'() \t0017",
    "\u00a0",
    "\u3000",
    "@",
    "gmail.com",
    "GoogleMail.com",
    "x.org",
    "+49",
    "00",
    "Dr. ",
    " Jr.",
]
SIZE = 400


def is_email(text: str) -> bool:
    local, _, domain = text.partition("@")
    return bool(local and domain) and "@" not in domain and not any(map(str.isspace, text))


def google_email(raw: str) -> str | None:
    text = raw.strip().lower()
    if not is_email(text):
        return None
    local, domain = text.split("@")
    if domain in ("gmail.com", "googlemail.com"):
        local = local.split("+")[0].replace(".", "")
    return f"{local}@{domain}" if local else None


def meta_email(raw: str) -> str | None:
    text = raw.strip().lower()
    return text if is_email(text) else None


def linkedin_email(raw: str) -> str | None:
    text = "".join(raw.split()).lower()
    return text if is_email(text) else None


def google_phone(raw: str) -> str | None:
    return whole_number(raw) or whole_number(raw.replace("(0)", ""))


def whole_number(raw: str) -> str | None:
    text = "".join(one for one in raw if not one.isspace() and one not in "().[]/-")
    digits = text.removeprefix("+") if text.startswith("+") else text.removeprefix("00")
    if digits == text or not (digits.isascii() and digits.isdigit()) or not 8 <= len(digits) <= 15:
        return None
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if written == f"+{digits}" and not has_stray_zero(number) else None


def has_stray_zero(number: phonenumbers.PhoneNumber) -> bool:
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    prefix = phonenumbers.ndd_prefix_for_region(region, False) or "1"
    return bool(number.italian_leading_zero) and prefix[0] in "08"


def meta_phone(raw: str) -> str | None:
    phone = google_phone(raw)
    return phone and phone[1:]


def meta_given_name(raw: str) -> str | None:
    return re.sub(r"[!-/:-@\[-`{-~]", "", raw.strip().lower()).strip() or None


def phone(chance: random.Random) -> str:
    """Seven to sixteen digits with separators between them."""
    digits = str(chance.randint(10**6, 10 ** chance.randint(7, 16)))
    return "".join(digit + chance.choice(["", "", " ", "-", ".", "\u00a0"]) for digit in digits)


RULES: dict[tuple[str, str], Callable[[str], str | None]] = {
    ("google", "email"): google_email,
    ("google", "phone"): google_phone,
    ("meta", "email"): meta_email,
    ("meta", "phone"): meta_phone,
    ("meta", "given_name"): meta_given_name,
    ("linkedin", "email"): linkedin_email,
    ("tiktok", "email"): linkedin_email,
    ("tiktok", "phone"): google_phone,
    ("plain", "email"): meta_email,
    ("plain", "phone"): google_phone,
}


@pytest.fixture(scope="module")
def renderer_and_warehouse(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[MacroRenderer, Warehouse]]:
    path: Path = tmp_path_factory.mktemp("normalisation") / "project"
    project = Project.find(Workspace.create(path).path)
    warehouse = connect(project)
    yield MacroRenderer(project, warehouse), warehouse
    warehouse.close()


@pytest.mark.parametrize(("rule", "field"), RULES, ids=lambda part: part)
def test_random_text_is_normalised_as_plain_python_does(
    rule: str, field: str, renderer_and_warehouse: tuple[MacroRenderer, Warehouse]
) -> None:
    renderer, warehouse = renderer_and_warehouse
    chance = random.Random(f"{rule} {field}")
    shapes = ["".join(chance.choices(PIECES, k=chance.randint(0, 9))) for _ in range(SIZE)]
    shapes += [
        f"{chance.choice(['', ' '])}{text}@{chance.choice(['gmail.com', 'x.org'])}" for text in shapes[:SIZE]
    ]
    shapes += [f"{chance.choice(['+', ' 00', '+ (0)'])}{phone(chance)}" for _ in range(SIZE)]
    expected = [RULES[rule, field](raw) for raw in shapes]
    cases = [Case(rule, field, raw, wanted, None) for raw, wanted in zip(shapes, expected, strict=True)]
    found = [normalised for normalised, _ in normalised_and_hashed(warehouse, renderer, cases)]
    assert found == expected
    assert len(set(expected)) > 20
