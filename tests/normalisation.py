"""Normalisation vectors: raw values, and what each platform's rule makes of them in the warehouse."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.warehouse.base import Warehouse

VECTORS = Path(__file__).parent / "fixtures" / "normalisation_vectors.json"
EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

FIELDS = {
    "region_code": "country",
    "EMAIL": "email",
    "PHONE": "phone",
    "PHONE_SHA256 (single key)": "phone",
    "GEN": "gender",
    "DOBY": "birth_year",
    "DOBM": "birth_month",
    "FN": "given_name",
    "LN": "family_name",
    "FI": "first_initial",
    "CT": "city",
    "ST": "state",
    "ZIP": "postal_code",
    "COUNTRY": "country",
    "MADID": "mobile_id",
    "GOOGLE_AID": "mobile_id",
}
TIKTOK_OPTIONS = {"segmentloom_tiktok_drop_email_tag": True, "segmentloom_tiktok_drop_phone_plus": True}
"""The other reading of TikTok's pages, which contradict each other."""
NO_NORMALISATION = {"EXTERN_ID", "appsecret_proof"}
"""An own id is sent as it is; the proof is no identifier (it is tested with the Meta client)."""

CORRECTED: Mapping[tuple[str, str, str], str | None] = {
    # Google's library makes wrong numbers of these without an error. A number without a country code is left
    # out, 00 is the international prefix, (0) is no part of the number, only ASCII digits count.
    ("google", "phone", "(800)555-0100"): None,
    ("google", "phone", "0044 113 496 0987"): "+441134960987",
    ("google", "phone", "+44 (0)113 496 0987"): "+441134960987",
    ("google", "phone", "٠١٢"): None,
    # Google's documentation forbids punctuation and titles; its library keeps them.
    ("google", "given_name", "O'Neil"): "oneil",
    ("google", "given_name", "Mrs. Ann"): "ann",
}

OWN: Sequence[tuple[str, str, str | None, str | None]] = (
    ("google", "email", None, None),
    ("google", "email", "a@b@c.com", None),
    ("google", "email", "@example.com", None),
    ("google", "email", "ann@", None),
    ("google", "email", "+tag@gmail.com", None),
    ("google", "email", "\u00a0Ann@Example.com\u3000\t\n", "ann@example.com"),
    ("google", "email", "a.b+c@notgmail.com", "a.b+c@notgmail.com"),
    ("google", "email", "a.b+c@gmail.com.example", "a.b+c@gmail.com.example"),
    ("google", "email", "a.b+c@gmailxcom", "a.b+c@gmailxcom"),
    ("google", "email", "o'brien\\@example.com", "o'brien\\@example.com"),
    ("google", "phone", "+1 800 555 0100 ext. 7", None),
    ("google", "phone", "+1.800.555.0100", "+18005550100"),
    ("google", "phone", "\u00a0+1\u2011800\u2011555\u20110100", "+18005550100"),
    ("google", "phone", "+1234567", None),
    ("google", "phone", "+49301234", "+49301234"),
    ("google", "phone", "+4930123", None),
    ("google", "phone", "+4930123456789012", None),
    ("google", "phone", "+1 555 123 456", None),
    ("google", "phone", "+999 12345678", None),
    ("google", "phone", "+39 (0)6 1234 5678", "+390612345678"),
    ("google", "phone", "+1 800 555 0100, 7", None),
    ("google", "phone", "+0441134960987", None),
    ("google", "phone", "++18005550100", None),
    ("google", "phone", "16505551212", None),
    ("google", "given_name", "Dr Åsa-Lena", "åsalena"),
    ("google", "given_name", "Drake", "drake"),
    ("google", "given_name", "...", None),
    ("google", "family_name", "Smith, Jr.", "smith"),
    ("google", "family_name", "Smith III", "smith"),
    ("google", "family_name", "O\u2019Hara", "ohara"),
    ("google", "country", " de ", "DE"),
    ("google", "postal_code", "   ", None),
    ("meta", "email", "ann smith@example.com", None),
    ("meta", "phone", "(650) 555-1212", None),
    ("meta", "gender", "M", "m"),
    ("meta", "gender", "diverse", None),
    ("meta", "birth_year", "86", None),
    ("meta", "birth_month", "12", "12"),
    ("meta", "birth_month", "13", None),
    ("meta", "birth_day", "7", "07"),
    ("meta", "birth_day", "31", "31"),
    ("meta", "birth_day", "32", None),
    ("meta", "first_initial", "émilie", "é"),
    ("meta", "state", "Nordrhein-Westfalen", "nordrheinwestfalen"),
    ("meta", "city", "St. John's", "stjohns"),
    ("meta", "postal_code", "01310-100", "01310-100"),
    ("meta", "postal_code", " ", None),
    ("meta", "country", "Deutschland", None),
    ("meta", "mobile_id", "00000000-0000-0000-0000-000000000000", None),
    ("meta", "mobile_id", "n/a", None),
    ("linkedin", "email", "\u00a0a\u2003b @example.com\n", "ab@example.com"),
    ("linkedin", "email", "ab", None),
    ("tiktok", "email", "\u00a0A.n n+Tag@Gmail.com\u3000", "a.nn+tag@gmail.com"),
    ("tiktok", "email", " @example.com", None),
    ("tiktok", "email", "a@b@c.com", None),
    ("tiktok", "email", None, None),
    ("tiktok", "phone", "0044 (0)113 496-0987", "+441134960987"),
    ("tiktok", "phone", "+1 800 555 0100 ext. 7", None),
    ("plain", "email", "\u00a0Ann.B+Tag@Gmail.com\t", "ann.b+tag@gmail.com"),
    ("plain", "email", "ann smith@example.com", None),
    ("plain", "email", None, None),
    ("plain", "phone", "+1 (650) 555-1212", "+16505551212"),
    ("plain", "phone", "(650) 555-1212", None),
)


class Case(NamedTuple):
    """A raw value and what must become of it."""

    rule: str
    field: str
    raw: str | None
    normalised: str | None
    sent: str | None
    """The hash, or the normalised value where the platform takes it plain; None: not in the vectors."""


def cases() -> list[Case]:
    """All vectors of the platforms, with documented corrections, and our own."""
    document = json.loads(VECTORS.read_text(encoding="utf-8"))
    rows = [("google", row) for row in document["google"]]
    rows += [("meta", row) for row in document["meta"]]
    rows += [("linkedin", row) for row in document["linkedin"]]
    found = [_case(rule, row) for rule, row in rows if row["field"] not in NO_NORMALISATION]
    found += _tiktok_cases(drops_tag_and_plus=False)
    return found + [Case(rule, field, raw, normalised, None) for rule, field, raw, normalised in OWN]


def tiktok_option_cases() -> list[Case]:
    """TikTok's vectors as they are under the other reading of its pages."""
    return _tiktok_cases(drops_tag_and_plus=True)


def _tiktok_cases(*, drops_tag_and_plus: bool) -> list[Case]:
    """TikTok's vectors, in one of the readings that they hold.

    A number without country code is left out by the rule; it gets one, where it can, at its landing.
    """
    reading = "rule_B" if drops_tag_and_plus else "rule_A"
    found = []
    for row in json.loads(VECTORS.read_text(encoding="utf-8"))["tiktok"]:
        if row["field"] == "email":
            [normalised] = [value for key, value in row.items() if key.startswith(f"{reading}_normalized")]
            found.append(Case("tiktok", "email", row["raw"], normalised, row[f"{reading}_sha256"]))
            continue
        number = row["e164"]
        normalised = number.removeprefix("+") if drops_tag_and_plus else number
        hashed = row["sha256_without_plus" if drops_tag_and_plus else "sha256"]
        found.append(Case("tiktok", "phone", row["raw"], None, None))
        found.append(Case("tiktok", "phone", number, normalised, hashed))
    return found


def _case(rule: str, row: Mapping[str, Any]) -> Case:
    field, raw = FIELDS.get(row["field"], row["field"]), row["raw"]
    if (rule, field, raw) in CORRECTED:
        return Case(rule, field, raw, CORRECTED[rule, field, raw], None)
    if row["field"] == "PHONE_SHA256 (single key)":
        return Case(rule, field, raw, "16505551212", row["doc_rule_value_sent"])
    normalised = row.get("normalized", row.get("doc_rule_normalized"))
    sent = row.get("sha256_hex") or row.get("doc_rule_value_sent") or row.get("SHA256_EMAIL") or normalised
    return Case(rule, field, raw, normalised, sent)


def normalised_and_hashed(
    warehouse: Warehouse, renderer: MacroRenderer, wanted: Sequence[Case]
) -> list[tuple[str | None, str | None]]:
    """What the warehouse makes of the cases: normalised, and the SHA-256 of that."""
    by_macro: dict[str, list[int]] = defaultdict(list)
    for position, case in enumerate(wanted):
        by_macro[f"normalize_{case.rule}_{case.field}"].append(position)
    found: dict[int, tuple[str | None, str | None]] = {}
    for macro, positions in by_macro.items():
        raws = " union all ".join(
            f"select {position} as position, {_text(renderer, wanted[position].raw)} as raw"
            for position in positions
        )
        normalised, hashed = renderer.render(macro, "raw"), renderer.render("sha256_hex", "normalised")
        sql = (
            f"select position, normalised, {hashed} as hashed "
            f"from (select position, {normalised} as normalised from ({raws}) as raws) as results"
        )
        found.update((int(position), (text, hashed)) for position, text, hashed in warehouse.rows(sql))
    return [found[position] for position in range(len(wanted))]


def _text(renderer: MacroRenderer, raw: str | None) -> str:
    return f"cast({renderer.render('literal', raw)} as string)"
