"""Phone numbers become E.164: when they are landed, and by the SQL rule where they never passed our hands."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.landing.phone import PhoneReader, e164, stated_phone
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.phone_metadata import WITHOUT_RULE, files
from tests.workspace import Workspace

READ: Sequence[tuple[str, str | None, str | None]] = [
    ("+1 (650) 555-1212", None, "+16505551212"),
    ("0044 113 496 0987", None, "+441134960987"),
    ("+44 (0)113 496 0987", None, "+441134960987"),
    ("+39 (0)6 1234 5678", None, "+390612345678"),
    ("(650) 555-1212", None, None),
    ("(650) 555-1212", "US", "+16505551212"),
    ("(650) 555-1212", "DE", "+496505551212"),
    ("16505551212", "US", "+16505551212"),
    ("0171 1234567", "US", None),
    ("0171 1234567", None, None),
    ("011 44 113 496 0987", "DE", None),
    ("011 44 113 496 0987", None, None),
    ("+44 (0)113 496 0987", "DE", "+441134960987"),
    ("0044 113 496 0987", "US", "+441134960987"),
    ("+1 555 123 456", "DE", None),
    ("0171 1234567", "DE", "+491711234567"),
    ("030/123456", "DE", "+4930123456"),
    ("0113 496 0987", "GB", "+441134960987"),
    ("06 1234 5678", "IT", "+390612345678"),
    ("8 (495) 123-45-67", "RU", "+74951234567"),
    ("011 44 113 496 0987", "US", "+441134960987"),
    ("+44 113 496 0987", "US", "+441134960987"),
    ("+1 800 555 0100 ext. 7", "US", None),
    ("12345", "DE", None),
    ("+1 555 123 456", "US", None),
    ("call me", "US", None),
    ("n/a", None, None),
    ("", "US", None),
]
ARABIC_ZERO = "\u0660"
MENDED: Sequence[tuple[str, str | None, str]] = [
    ("+49 0171 1234567", None, "+491711234567"),
    (f"{ARABIC_ZERO}171 1234567", "DE", "+491711234567"),
]
"""What only the library understands; the SQL rule leaves it out."""
FORMATS = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)
LENIENT = {"KZ", "NU", "TK"}
"""Where the rule takes a few numbers for whole that the library refuses: they start with the code."""


@pytest.mark.parametrize(("text", "region", "number"), [*READ, *MENDED])
def test_a_number_is_read(text: str, region: str | None, number: str | None) -> None:
    assert e164(text, region) == number


def test_what_cannot_be_read_is_counted() -> None:
    reader = PhoneReader("US")
    assert [reader.read(text) for text in ("(650) 555-1212", "12", "?")] == ["+16505551212", None, None]
    assert reader.unusable == 2


@pytest.mark.parametrize(
    ("kind", "traits", "context_traits", "phone"),
    [
        ("identify", {"phone": " 17 "}, {"phone": "18"}, "17"),
        ("track", {"phone": ""}, {"phone": 18}, "18"),
        ("group", {"phone": "17"}, {"phone": "18"}, "18"),
        ("track", {"phone": True}, {"phone": ["1"]}, None),
        ("track", {}, {}, None),
    ],
)
def test_the_phone_of_an_event(
    kind: str, traits: dict[str, Any], context_traits: dict[str, Any], phone: str | None
) -> None:
    assert stated_phone(kind, traits, context_traits) == phone


@pytest.mark.parametrize(("path", "text"), list(files()), ids=lambda part: getattr(part, "stem", ""))
def test_the_rule_knows_what_the_library_knows(path: Path, text: str) -> None:
    assert path.read_text() == text, "run python -m tests.phone_metadata"


Rule = Callable[[Iterable[str], str | None], list[str | None]]


@pytest.fixture(scope="module")
def in_sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rule]:
    """The SQL rule: texts and a region to what it makes of them."""
    project = Project.find(Workspace.create(tmp_path_factory.mktemp("phones") / "project").path)
    warehouse: Warehouse = connect(project)

    def read(texts: Iterable[str], region: str | None) -> list[str | None]:
        renderer = MacroRenderer(project, warehouse, variables={"segmentloom_default_phone_region": region})
        rows = ", ".join(
            f"({number}, {renderer.render('literal', text)})" for number, text in enumerate(texts)
        )
        rule = renderer.render("e164_phone", "raw")
        return [
            row[0]
            for row in warehouse.rows(
                f"select {rule} from (values {rows}) as raws (place, raw) order by place"
            )
        ]

    yield read
    warehouse.close()


@pytest.mark.parametrize("region", sorted({region for _, region, _ in READ}, key=str), ids=str)
def test_the_sql_rule_reads_the_same(region: str | None, in_sql: Rule) -> None:
    given = [(text, number) for text, its_region, number in READ if its_region == region]
    assert in_sql([text for text, _ in given], region) == [number for _, number in given]


def test_the_sql_rule_leaves_out_what_only_the_library_mends(in_sql: Rule) -> None:
    assert [in_sql([text], region) for text, region, _ in MENDED] == [[None], [None]]


def test_a_region_without_a_rule_is_refused(in_sql: Rule) -> None:
    with pytest.raises(ConfigError, match="segmentloom_default_phone_region is 'BY'"):
        in_sql(["1"], "BY")


@pytest.mark.parametrize("chunk", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 8))])
def test_the_sql_rule_never_makes_another_number_than_the_library(chunk: int, in_sql: Rule) -> None:
    agreed = weaker = 0
    for region in sorted(set(phonenumbers.SUPPORTED_REGIONS) - WITHOUT_RULE)[chunk::8]:
        texts = sorted(numbers_as_people_write_them(region))
        for its_region in (region, None):
            for text, found in zip(texts, in_sql(texts, its_region), strict=True):
                number = e164(text, its_region)
                if found is None and number is not None:
                    weaker += 1
                elif found != number:
                    assert (number, region in LENIENT) == (None, True), (text, its_region, found, number)
                agreed += found == number is not None
    assert agreed > 1_000
    assert weaker < agreed / 20


def numbers_as_people_write_them(region: str) -> set[str]:
    """Valid numbers of a region in several forms, and some with a digit too many or too few."""
    chance = random.Random(region)
    texts: set[str] = set()
    for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE):
        example = phonenumbers.example_number_for_type(region, kind)
        for _ in range(3):
            if example is None:
                break
            digits = phonenumbers.national_significant_number(example)
            kept = chance.randint(2, len(digits) - 1)
            digits = digits[:kept] + "".join(chance.choices("0123456789", k=len(digits) - kept))
            number = phonenumbers.parse(f"+{example.country_code}{digits}")
            if not phonenumbers.is_valid_number(number):
                continue
            code = example.country_code
            texts |= {phonenumbers.format_number(number, form) for form in FORMATS}
            texts |= {digits, f"{code}{digits}", f"00{code} {digits}", f"+{code} (0){digits}", f"{digits}7"}
            texts |= {digits[:-1], phonenumbers.format_out_of_country_calling_number(number, "DE")}
    return texts
