"""Reads one line of JSON from anybody: whatever it holds, the answer is a value or a reason.

Refused are texts that some warehouse would not store, or that two readers would understand differently.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from segmentloom_sync.landing import refused
from segmentloom_sync.landing.refused import Refused

MAX_DEPTH: Final = 100
MAX_BYTES: Final = 4 * 1024 * 1024
_DIGITS_OF_A_DOUBLE: Final = 308

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
# An unfinished string ends with the line: tried again from each of its quotes it would take quadratic time.
_STRUCTURE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def read(line: bytes) -> Any:
    """The value of a line of JSON.

    Raises:
        Refused: the line is no JSON, or holds what cannot be stored alike in every warehouse.
    """
    if len(line) > MAX_BYTES:
        raise Refused(refused.TOO_LONG)
    if line.count(b"{") + line.count(b"[") > MAX_DEPTH and _depth(line) > MAX_DEPTH:
        raise Refused(refused.TOO_DEEP)
    try:
        value = _DECODER.decode(line.decode())
    except UnicodeDecodeError:
        raise Refused(refused.NOT_UTF8) from None
    except json.JSONDecodeError:
        raise Refused(refused.NOT_JSON) from None
    if b"\\u" in line:
        _check_escapes(line, value)
    return value


def write(value: Any) -> str:
    """Compact JSON text of a value that `read` gave."""
    return _ENCODER.encode(value)


def write_sorted(value: Any) -> str:
    """Compact JSON text with sorted keys: equal for equal values."""
    return _SORTED_ENCODER.encode(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Refused(refused.DUPLICATE_KEY)
    return value


def _refuse_constant(_: str) -> Any:
    raise Refused(refused.NOT_JSON)  # NaN, Infinity: Python reads them, JSON has none


def _check_escapes(line: bytes, value: Any) -> None:
    if _NUL.search(line):
        raise Refused(refused.NUL)
    if _SURROGATE.search(line):
        try:
            _ENCODER.encode(value).encode()
        except UnicodeEncodeError:
            raise Refused(refused.LONE_SURROGATE) from None


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS_OF_A_DOUBLE:
        raise Refused(refused.NUMBER_RANGE)
    return int(digits)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise Refused(refused.NUMBER_RANGE)
    return value


def _depth(line: bytes) -> int:
    deepest = depth = 0
    for match in _STRUCTURE.finditer(line):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
        elif token in (b"}", b"]"):
            depth -= 1
    return deepest


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_float, parse_constant=_refuse_constant
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_SORTED_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
