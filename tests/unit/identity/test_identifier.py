"""Identifiers as people type them: read as events are, refused without being repeated."""

from __future__ import annotations

import pytest

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.identifier import Identifier, is_id, parse_identifier


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("user_id:42", Identifier("user_id", "42")),
        ("email: Ann@Example.COM ", Identifier("email", "ann@example.com")),
        ("user_id:Ann", Identifier("user_id", "Ann")),
        ("anonymous_id:a:b", Identifier("anonymous_id", "a:b")),
        (" email:ann@example.com", Identifier("email", "ann@example.com")),
    ],
)
def test_values_are_read_as_in_events(text: str, wanted: Identifier) -> None:
    assert parse_identifier(text) == wanted


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "blank", "type:value"),
        (" \t", "blank", "type:value"),
        ("secret@example.com", "has no type", "email:ann@example.com"),
        (":secret", "has no type", "type:value"),
        ("email:", "email is blank", "type:value"),
        ("emial:secret@example.com", "'emial' is no type", "did you mean 'email'?"),
        ("userid:secret", "'userid' is no type", "did you mean 'user_id'?"),
        ("EMAIL:secret@example.com", "'EMAIL' is no type", "did you mean 'email'?"),
        ("secret@example.com:x", "before the colon", "types: anonymous_id, email, user_id"),
        ("user_id:" + "secret" * 200_000, "1,200,008 characters", "10,000"),
        ("user_id:secret\udcff", "not valid UTF-8", ""),
    ],
)
def test_what_is_no_identifier_is_refused_unseen(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_identifier(text)
    assert message in refused.value.message
    assert hint in (refused.value.hint or "")
    assert "secret" not in refused.value.message + (refused.value.hint or "")


def test_ids_are_32_hexadecimal_digits() -> None:
    assert is_id("0123456789abcdef0123456789ABCDEF")
    assert not is_id("0123456789abcdef0123456789abcde")
    assert not is_id("user_id:0123456789abcdef0123456789abcdef")
