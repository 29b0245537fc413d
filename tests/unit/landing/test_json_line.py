from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentloom_sync.landing import refused
from segmentloom_sync.landing.json_line import MAX_BYTES, MAX_DEPTH, read, write, write_sorted
from segmentloom_sync.landing.refused import Refused

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXT, children, max_size=4),
    max_leaves=20,
)


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", refused.NOT_JSON),
        (b"{", refused.NOT_JSON),
        (b"{} {}", refused.NOT_JSON),
        (b"{'a': 1}", refused.NOT_JSON),
        (b'{"a": NaN}', refused.NOT_JSON),
        (b'{"a": [Infinity]}', refused.NOT_JSON),
        (b'{"a": -Infinity}', refused.NOT_JSON),
        (b'{"a": "\x01"}', refused.NOT_JSON),
        (b'{"a": "\x00"}', refused.NOT_JSON),
        (b"\x00", refused.NOT_JSON),
        (b'{"a": "\xff"}', refused.NOT_UTF8),
        ('{"a": 1}'.encode("utf-16"), refused.NOT_UTF8),
        (b'{"a": "\xed\xa0\x80"}', refused.NOT_UTF8),
        (rb'{"a": "x\u0000y"}', refused.NUL),
        (rb'{"a": "\\\u0000"}', refused.NUL),
        (rb'{"\u0000": 1}', refused.NUL),
        (rb'{"a": "\ud83d"}', refused.LONE_SURROGATE),
        (rb'{"a": "\ude00\ud83d"}', refused.LONE_SURROGATE),
        (rb'{"\uD83D": 1}', refused.LONE_SURROGATE),
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', refused.DUPLICATE_KEY),
        (rb'{"a": 1, "\u0061": 1}', refused.DUPLICATE_KEY),
        (b'{"a": 1e400}', refused.NUMBER_RANGE),
        (b'{"a": [-1E+999]}', refused.NUMBER_RANGE),
        (b'{"a": ' + b"9" * 309 + b"}", refused.NUMBER_RANGE),
        (b'{"a": ' + b"9" * 100_000 + b"}", refused.NUMBER_RANGE),
        (b'{"a": 1' + b"0" * 299 + b"e99}", refused.NUMBER_RANGE),
        (nested(MAX_DEPTH + 1), refused.TOO_DEEP),
        (nested(100_000), refused.TOO_DEEP),
        (b"[" * 1_000_000, refused.TOO_DEEP),
        (b'{"a": "' + b"x" * MAX_BYTES + b'"}', refused.TOO_LONG),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_hostile_lines_are_refused_with_a_reason(line: bytes, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        read(line)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b' {"a": 1}\r\n', {"a": 1}),
        (nested(MAX_DEPTH), None),
        (rb'{"a": "\\u0000 \\ud83d"}', {"a": "\\u0000 \\ud83d"}),
        (rb'{"a": "\ud83d\ude00"}', {"a": "😀"}),
        (b'{"a": "' + b"[" * 1000 + b'"}', {"a": "[" * 1000}),
        (b'{"a": "' + rb"\"[" * 1000 + b'"}', {"a": '"[' * 1000}),
        (b'{"a": 1e308, "b": ' + b"9" * 308 + b"}", None),
        (b'{"a": "5e999"}', {"a": "5e999"}),
        (b'{"a": 1e-999}', {"a": 0.0}),
        (b"[1]", [1]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_odd_but_honest_lines_are_read(line: bytes, value: Any) -> None:
    assert read(line) == (json.loads(line) if value is None else value)


@settings(deadline=None)
@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_a_value_or_a_reason(line: bytes) -> None:
    with contextlib.suppress(Refused):
        write(read(line)).encode()


@settings(deadline=None)
@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert read(write(value).encode()) == value
    assert read(json.dumps(value).encode()) == value


@settings(deadline=None)
@given(st.dictionaries(TEXT, VALUES, max_size=6), st.randoms(use_true_random=False))
def test_sorted_text_does_not_depend_on_the_order_of_keys(value: dict[str, Any], random: Any) -> None:
    shuffled = list(value.items())
    random.shuffle(shuffled)
    assert write_sorted(dict(shuffled)) == write_sorted(value)


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": "' + rb"\"" * 1_000_000,
        b"[" * 101 + b'"' + rb"\"" * 1_000_000,
        b"[" * 101 + b"\\" * 2_000_000,
        b'{"a": "' + rb"\u000" * 500_000 + b'"}',
        b'{"a": ' + b"1" * 4_000_000,
    ],
    ids=range(5),
)
def test_no_line_takes_more_than_linear_time(line: bytes) -> None:
    start = time.process_time()
    with pytest.raises(Refused):
        read(line)
    assert time.process_time() - start < 5
