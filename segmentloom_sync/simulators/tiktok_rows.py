"""The rows of a TikTok mapping: a schema of identifier types, and for each row a cell per type."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from segmentloom_sync.simulators.lists import Key

MAX_ROWS = 1_000
_TYPES = {
    "EMAIL_SHA256": ("email", 64),
    "PHONE_SHA256": ("phone", 64),
    "IDFA_SHA256": ("idfa", 64),
    "AAID_SHA256": ("aaid", 64),
    "IDFA_MD5": ("idfa_md5", 32),
    "AAID_MD5": ("aaid_md5", 32),
}
"""How a list names an identifier of the type, and its digits."""
_HEX: Callable[[str], object] = re.compile("[0-9a-f]+").fullmatch


class Refused(Exception):
    """A request that is answered with this code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Cell:
    """An identifier and the lists it goes to or leaves."""

    key: Key
    list_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The identifiers of one person."""

    cells: tuple[Cell, ...]

    @property
    def list_ids(self) -> set[str]:
        """All lists of the row."""
        return {list_id for cell in self.cells for list_id in cell.list_ids}


def read(body: dict[str, Any]) -> list[Row]:
    """The rows of a mapping.

    Raises:
        Refused: the platform would refuse all of it.
    """
    if body.get("action") not in ("add", "delete"):
        raise Refused(40002, "action must be add or delete.")
    schema, data = body.get("id_schema"), body.get("batch_data")
    if not isinstance(schema, list) or not schema or not all(isinstance(name, str) for name in schema):
        raise Refused(40002, "id_schema is required.")
    if len(set(schema)) != len(schema) or not set(schema) <= set(_TYPES):
        raise Refused(40002, "id_schema holds an unknown type, or one twice.")
    if not isinstance(data, list) or not data:
        raise Refused(40002, "batch_data is required.")
    if len(data) > MAX_ROWS:
        raise Refused(40061, f"batch_data has more than {MAX_ROWS} rows.")
    return [_row(row, schema) for row in data]


def _row(row: Any, schema: list[str]) -> Row:
    if not isinstance(row, list) or len(row) != len(schema):
        raise Refused(40002, "batch_data: a row does not fit id_schema.")
    cells = tuple(_cell(cell, name) for cell, name in zip(row, schema, strict=True) if cell != {})
    if not cells:
        raise Refused(40002, "batch_data: a row is empty.")
    return Row(cells)


def _cell(cell: Any, name: str) -> Cell:
    if not isinstance(cell, dict) or set(cell) != {"id", "audience_ids"}:
        raise Refused(40002, "batch_data: a cell has id and audience_ids.")
    kind, digits = _TYPES[name]
    value, ids = cell["id"], cell["audience_ids"]
    if not isinstance(value, str) or len(value) != digits or not _HEX(value):
        raise Refused(40062, "batch_data: an id is not hashed.")
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise Refused(40002, "batch_data: audience_ids are texts.")
    return Cell(Key(kind, value), tuple(ids))
