"""Identifiers and profile ids as people type them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from segmentloom_sync.audiences.problems import suggestion
from segmentloom_sync.errors import ConfigError

TYPES: Final = ("user_id", "email", "anonymous_id")
"""The types that stitch, the strongest first, as the macro `identifier_types` has them."""
LONGEST: Final = 10_000
"""Characters that an argument may have; nothing that a person looks for is longer."""

_ASCII_BLANKS = " \t\n\r\f\v"
_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_TYPE_LIKE = re.compile(r"[A-Za-z_]{1,30}")
_EXAMPLE = "write it as type:value, such as email:ann@example.com or user_id:42"


class Identifier(NamedTuple):
    """One identifier as events carry it. Personal data."""

    type: str
    value: str

    def __str__(self) -> str:
        return f"{self.type}:{self.value}"

    def document(self) -> dict[str, str]:
        """Its keys in `--json`."""
        return {"type": self.type, "value": self.value}


def is_id(text: str) -> bool:
    """Whether a text is a profile id or a merge id: both are 32 hexadecimal digits."""
    return _ID.fullmatch(text.strip(_ASCII_BLANKS)) is not None


def parse_id(text: str) -> str:
    """The id as the warehouse has it."""
    return text.strip(_ASCII_BLANKS).lower()


def parse_identifier(text: str) -> Identifier:
    """Read `type:value`; the value is trimmed and an e-mail lowered, as in events.

    Raises:
        ConfigError: it isn't written so, its type is unknown, or it is blank or too long. The message never
            repeats it.
    """
    if len(text) > LONGEST:
        raise ConfigError(
            f"that identifier has {len(text):,} characters", hint=f"the longest may have {LONGEST:,}"
        )
    if not text.strip(_ASCII_BLANKS):
        raise ConfigError("that identifier is blank", hint=_EXAMPLE)
    if not _is_unicode(text):
        raise ConfigError("that identifier is not valid UTF-8")
    kind, colon, value = text.partition(":")
    kind = kind.strip(_ASCII_BLANKS)
    if not colon or not kind:
        raise ConfigError("that identifier has no type", hint=_EXAMPLE)
    if kind not in TYPES:
        raise _unknown_type(kind)
    value = value.strip(_ASCII_BLANKS)
    if not value:
        raise ConfigError(f"that {kind} is blank", hint=_EXAMPLE)
    return Identifier(kind, value.lower() if kind == "email" else value)


def _is_unicode(text: str) -> bool:
    """False for bytes of the command line that Python could not read: no warehouse takes them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unknown_type(kind: str) -> ConfigError:
    hint = suggestion(kind.lower(), TYPES, kind="types")
    if _TYPE_LIKE.fullmatch(kind):
        return ConfigError(f"'{kind}' is no type of identifier", hint=hint)
    return ConfigError("what stands before the colon is no type of identifier", hint=f"{_EXAMPLE}; {hint}")
