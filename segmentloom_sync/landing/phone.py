"""Makes E.164 of the phone numbers that events state.

A number is taken when its country code exists and it has as many digits as numbers of that country have.
Whether its range is assigned today is not asked: the lists of ranges lag behind, and a number that nobody has
matches nobody. What SQL makes of numbers that never passed here is in macros/phones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

ASCII_BLANKS: Final = " \t\n\r\f\v"
_ABROAD: Final = re.compile(r"[\s(]*00(?=[\s().-]*[1-9])")
_TRUNK_ZERO: Final = "(0)"
_MIN_DIGITS: Final = 8
_MAX_DIGITS: Final = 15


@dataclass(slots=True)
class PhoneReader:
    """Reads phone numbers, and counts those that it cannot make E.164 of.

    Attributes:
        region: two letters, the country of numbers without a country code; None: those are left out.
        unusable: how many were left out.
    """

    region: str | None = None
    unusable: int = 0

    def read(self, text: str) -> str | None:
        """A number as `e164` gives it."""
        number = e164(text, self.region)
        self.unusable += number is None
        return number


def stated_phone(kind: str, traits: Mapping[str, Any], context_traits: Mapping[str, Any]) -> str | None:
    """The phone number that an event states: that of its traits, else of `context.traits`.

    Args:
        kind: the event's type; the traits of a group are no person's.

    Returns:
        The text, or the digits of a whole number that somebody forgot to quote; None for anything else.
    """
    for holder in (context_traits,) if kind == "group" else (traits, context_traits):
        value = holder.get("phone")
        if type(value) is int:
            return str(value)
        if type(value) is str and (text := value.strip(ASCII_BLANKS)):
            return text
    return None


@lru_cache(maxsize=65_536)
def e164(text: str, region: str | None) -> str | None:
    """A phone number as + and 8 to 15 digits; None for what is no number, or not a whole one.

    Args:
        text: as somebody wrote it.
        region: two letters, the region of numbers without a country code; None: they are left out.
    """
    found = _read(text, region)
    if found is None and _TRUNK_ZERO in text:
        found = _read(text.replace(_TRUNK_ZERO, ""), region)
    return found


def _read(text: str, region: str | None) -> str | None:
    abroad = _ABROAD.sub("+", text, count=1) if _ABROAD.match(text) else None
    return (abroad and _parsed(abroad, None)) or _parsed(text, region)


def _parsed(text: str, region: str | None) -> str | None:
    import phonenumbers  # takes a while, which commands that land nothing need not wait for

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or _has_stray_zero(number):
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    is_whole = reason == phonenumbers.ValidationResult.IS_POSSIBLE
    return written if is_whole and _MIN_DIGITS <= len(written) - 1 <= _MAX_DIGITS else None


def _has_stray_zero(number: Any) -> bool:
    """Whether a 0 follows the country code that numbers of that country never have there."""
    import phonenumbers

    if not number.italian_leading_zero:
        return False
    region = phonenumbers.region_code_for_country_code(number.country_code)
    prefix = phonenumbers.ndd_prefix_for_region(region, False)
    return bool(prefix and prefix[0] in "08")
