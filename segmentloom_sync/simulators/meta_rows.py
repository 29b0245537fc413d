"""The payload of a Meta upload: a schema and its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from segmentloom_sync.simulators.lists import Key

MAX_ROWS = 10_000
SHOWN_SAMPLES = 3
_HASHED = {"EMAIL", "PHONE", "GEN", "DOBY", "DOBM", "DOBD", "LN", "FN", "FI", "CT", "ST", "ZIP", "COUNTRY"}
_SINGLE = {"EMAIL_SHA256": "EMAIL", "PHONE_SHA256": "PHONE", "MOBILE_ADVERTISER_ID": "MADID"}
_HASH = re.compile("[0-9a-f]{64}").fullmatch
_PLAIN: dict[str, Callable[[str], object]] = {
    "EXTERN_ID": bool,
    "MADID": re.compile("[0-9a-f-]{36}").fullmatch,
}


@dataclass(frozen=True, slots=True)
class Upload:
    """Rows that fit their schema."""

    schema: tuple[str, ...]
    rows: list[list[str]]

    def keys(self, row: Sequence[str]) -> list[Key] | None:
        """The identifiers of a row; None when one is malformed or there is none."""
        keys = []
        for name, value in zip(self.schema, row, strict=True):
            if value == "":
                continue
            if not _PLAIN.get(name, _HASH)(value):
                return None
            keys.append(Key(name.lower(), value))
        return keys or None


def read(payload: Any) -> Upload | None:
    """The upload, or None when the platform would refuse all of it."""
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), list):
        return None
    schema, data = payload.get("schema"), payload["data"]
    if isinstance(schema, str):
        schema, data = [_SINGLE.get(schema, schema)], [[value] for value in data]
    if isinstance(schema, list) and len(schema) == 1 and schema[0] in _SINGLE:
        schema = [_SINGLE[schema[0]]]
        data = [value if isinstance(value, list) else [value] for value in data]
    if not isinstance(schema, list) or not set(schema) <= _HASHED | set(_PLAIN) or not schema:
        return None
    if not 1 <= len(data) <= MAX_ROWS:
        return None
    if not all(_is_row(row, len(schema)) for row in data):
        return None
    return Upload(tuple(schema), data)


def _is_row(row: Any, width: int) -> bool:
    return isinstance(row, list) and len(row) == width and all(isinstance(value, str) for value in row)


def samples(bad: Sequence[Sequence[str]]) -> dict[str, str]:
    """A few of the malformed entries. Meta doesn't document their form; this is one that was seen."""
    return {str(index): next(iter(filter(None, row)), "") for index, row in enumerate(bad[:SHOWN_SAMPLES])}
