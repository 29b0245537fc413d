"""The quick way of reading bodies gives what the rules of `landing.json_line` give."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentloom_sync.collector import json_body
from segmentloom_sync.collector.json_body import read_batch, read_event
from segmentloom_sync.collector.request import Refusal

KEYS = st.sampled_from(["a", "a", "b", "batch", ":", "\\u003a", '\\"', "\\u0000", "\u00e9"])
NUMBERS = st.sampled_from(
    ["0", "-0", "7", "1.0", "1e5", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
     "-9223372036854775809", "9" * 308, "9" * 309, "1e308", "1e309", "0.1"]
)  # fmt: skip
TEXTS = KEYS.map(lambda key: f'"{key}"')
DEEP = st.sampled_from([4, 5, 6, 7, 8, 9, 97, 98, 99, 100, 101]).map(lambda depth: "[" * depth + "]" * depth)


def joined(opening: str, parts: list[str], closing: str, blank: str) -> str:
    return opening + f",{blank}".join(parts) + closing


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(TEXTS, values).map(":".join), max_size=3)
    return st.tuples(st.just("{"), pairs, st.just("}"), BLANKS).map(lambda parts: joined(*parts))


BLANKS = st.sampled_from(["", " ", "\n"])
VALUES = st.recursive(
    NUMBERS | TEXTS | st.sampled_from(["true", "null", "[]", "{}"]),
    lambda inner: (
        objects(inner)
        | st.tuples(st.just("["), st.lists(inner, max_size=3), st.just("]"), BLANKS).map(
            lambda parts: joined(*parts)
        )
    ),
    max_leaves=8,
)
EVENTS = objects(VALUES | DEEP) | VALUES
BATCHES = st.tuples(st.lists(EVENTS, min_size=1, max_size=4), objects(VALUES), BLANKS).map(
    lambda parts: joined('{"batch":[', parts[0], "]", parts[2]) + ("," + parts[1][1:]).replace(",}", "}")
)


def outcome(text: bytes, read: Any) -> Any:
    """What a reader makes of a text; numbers keep their type."""
    try:
        first, second = read(text)
    except Refusal as refusal:
        return refusal.status, refusal.detail
    if read is read_event:
        return repr((json.loads(first), second))
    return repr(([(json.loads(raw), value, reason) for raw, value, reason in first], second))


def both(text: str, read: Any) -> None:
    body = text.encode()
    quick = outcome(body, read)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            json_body, "_decode", msgspec.json.Decoder(None).decode
        )  # takes no object: by the rules
        assert outcome(body, read) == quick


@given(EVENTS)
def test_events(text: str) -> None:
    both(text, read_event)


@given(BATCHES)
def test_batches(text: str) -> None:
    both(text, read_batch)


@pytest.mark.parametrize("name", ["_has_odd_escape", "_has_every_colon"])
def test_a_check_that_is_gone_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_body, name, lambda *_: name == "_has_every_colon")
    text = {
        "_has_odd_escape": '{"batch":[{"a":"\\u0000"}]}',
        "_has_every_colon": '{"batch":[{"a":1,"a":2}]}',
    }[name]
    with pytest.raises(AssertionError):
        both(text, read_batch)
