"""What the SQL rule for phone numbers knows of the world's numbering plans, taken from `phonenumbers`.

`python -m tests.phone_metadata` writes e164_pattern.sql and phone_regions.sql in macros/phones anew.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    PhoneMetadata,
    country_code_for_region,
)

from tests.workspace import REPOSITORY

FOLDER = REPOSITORY / "macros" / "phones"
MIN_DIGITS, MAX_DIGITS = 8, 15
WIDTH = 106
WITHOUT_RULE = {"BY"}
"""Belarus dials 80 within the country, and has numbers that begin with 80: the two are not told apart."""

PATTERN = """{{#
    What an E.164 number must match: + and a country code that exists, then as many digits as numbers of that
    country have, {min} to {max} in all; a 0 follows the country code only where it is part of the number.
    Written by `python -m tests.phone_metadata` from the metadata of the library phonenumbers.
#}}
{{% macro e164_pattern() -%}}
    {{{{ return(
{lines}
    ) }}}}
{{%- endmacro %}}
"""
REGIONS = """{{#
    What a number without a country code needs, by region: the country code, the prefixes of calls within the
    country (- for none) and that of calls abroad (- where it is 00, or none that is alike for all calls).
    Written by `python -m tests.phone_metadata` from the metadata of the library phonenumbers.
#}}
{{% macro phone_regions() -%}}
    {{%- set known = {{}} -%}}
    {{%- set entries = (
{lines}
    ) -%}}
    {{%- for entry in entries.split() -%}}
        {{%- set parts = entry.split(':') -%}}
        {{%- do known.update({{parts[0]: {{
            'country_code': parts[1],
            'trunk_prefixes': [] if parts[2] == '-' else parts[2].split(','),
            'international_prefix': parts[3] | replace('-', ''),
        }}}}) -%}}
    {{%- endfor -%}}
    {{{{ return(known) }}}}
{{%- endmacro %}}
"""


def pattern_macro() -> str:
    """The text of macros/phones/e164_pattern.sql."""
    codes: dict[str, list[int]] = defaultdict(list)
    for code, regions in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        metadata = _metadata(code, regions[0])
        assert metadata.general_desc is not None
        lengths = [
            length
            for length in metadata.general_desc.possible_length
            if MIN_DIGITS <= len(str(code)) + length <= MAX_DIGITS
        ]
        first = "[1-9]" if (metadata.national_prefix or "1")[0] in "08" else "[0-9]"
        if lengths:
            codes[f"{first}{_rest(lengths)}"].append(code)
    parts = [f"({'|'.join(map(str, group))}){rest}" for rest, group in codes.items()]
    lines = _wrapped("|".join(parts).split("|"), "|", f"{'':8}~ '")
    lines[0] = f"{'':8}'[+]({lines[0]}"
    return PATTERN.format(min=MIN_DIGITS, max=MAX_DIGITS, lines=_quoted(lines, ")"))


def regions_macro() -> str:
    """The text of macros/phones/phone_regions.sql."""
    entries = []
    for region in sorted(SUPPORTED_REGIONS - WITHOUT_RULE):
        metadata = _metadata(country_code_for_region(region), region)
        abroad = metadata.international_prefix or ""
        known = abroad if abroad.isdigit() and abroad != "00" else "-"
        trunk = ",".join(
            _trunk_prefixes(metadata.national_prefix, metadata.national_prefix_for_parsing or "")
        )
        entries.append(f"{region}:{metadata.country_code}:{trunk or '-'}:{known}")
    lines = _wrapped(entries, " ", f"{'':8}~ '")
    lines[0] = f"{'':8}'{lines[0]}"
    return REGIONS.format(lines=_quoted(lines, ""))


def files() -> Iterator[tuple[Path, str]]:
    """The macros' files and what they must hold."""
    yield FOLDER / "e164_pattern.sql", pattern_macro()
    yield FOLDER / "phone_regions.sql", regions_macro()


def _metadata(code: int, region: str) -> PhoneMetadata:
    found = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    assert found is not None
    return found


def _trunk_prefixes(prefix: str | None, pattern: str) -> list[str]:
    """The prefixes of calls within a country, the longest first: of a plain pattern, else the usual one."""
    if not re.fullmatch(r"(\d+\??|\[\d+\])(\|(\d+\??|\[\d+\]))*", pattern):
        return [prefix] if prefix else []
    found: set[str] = set()
    for part in pattern.split("|"):
        found |= set(part[1:-1]) if part.startswith("[") else {part.removesuffix("?")}
        found |= {part[:-2]} if part.endswith("?") else set()
    return sorted(found, key=lambda one: (-len(one), one))


def _rest(lengths: Iterable[int]) -> str:
    """The digits after the first, for numbers of these lengths: runs of lengths become ranges."""
    ordered = sorted(lengths)
    starts = [ordered[0], *(later for former, later in pairwise(ordered) if later > former + 1)]
    ends = [*(former for former, later in pairwise(ordered) if later > former + 1), ordered[-1]]
    runs = [
        f"[0-9]{{{low - 1}}}" if low == high else f"[0-9]{{{low - 1},{high - 1}}}"
        for low, high in zip(starts, ends, strict=True)
    ]
    return runs[0] if len(runs) == 1 else f"({'|'.join(runs)})"


def _wrapped(pieces: Iterable[str], separator: str, margin: str) -> list[str]:
    """The pieces joined, cut after separators into lines that fit."""
    lines = [""]
    for piece in pieces:
        if len(margin) + len(lines[-1]) + len(piece) > WIDTH:
            lines.append("")
        lines[-1] += piece + separator
    lines[-1] = lines[-1].removesuffix(separator)
    return lines


def _quoted(lines: list[str], end: str) -> str:
    first, *others = lines
    texts = [f"{first}'", *(f"{'':8}~ '{line}'" for line in others)]
    texts[-1] = f"{texts[-1][:-1]}{end}'"
    return "\n".join(texts)


if __name__ == "__main__":
    for path, text in files():
        path.write_text(text)
