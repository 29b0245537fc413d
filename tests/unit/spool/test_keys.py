from __future__ import annotations

import base64
from pathlib import Path

import pytest

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.spool.keys import KEY_VARIABLE, KeyRing, read_keys, writing_keys

KEY = bytes(range(32))
OTHER = bytes(reversed(range(32)))
TEXT = base64.b64encode(KEY).decode()


def ring(text: str, encryption: str = "preferred") -> KeyRing | None:
    return read_keys(encryption, {KEY_VARIABLE: text})


@pytest.mark.parametrize(
    "text",
    [
        f"a:{TEXT}",
        f"a:{KEY.hex()}",
        f"a:{TEXT.rstrip('=')}",
        f" a:{TEXT} ,\n b:{OTHER.hex()}\n",
        f"a:{base64.urlsafe_b64encode(KEY).decode()}",
    ],
)
def test_keys_are_base64_or_hexadecimal(text: str) -> None:
    keys = ring(text)
    assert keys is not None
    assert (keys.current, keys.keys["a"]) == ("a", KEY)
    assert keys.keys.get("b", OTHER) == OTHER


def test_a_key_without_a_name_is_named_by_its_hash() -> None:
    keys = ring(TEXT)
    assert keys is not None
    assert keys.current == "630dcd29"
    assert TEXT not in repr(keys)
    assert repr(KEY) not in repr(keys)


def test_files_and_commands_give_keys(tmp_path: Path) -> None:
    file = tmp_path / "keys with blanks"
    file.write_text(f"new:{OTHER.hex()}\nold:{TEXT}\n")
    expected = KeyRing("new", {"new": OTHER, "old": KEY})
    assert ring(f"file:{file}") == expected
    assert ring(f"command:cat '{file}'") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:short", "key 1 of SEGMENTLOOM_SPOOL_KEY is no 32 bytes"),
        (f"a:{TEXT},b:{TEXT[:-8]}", "key 2"),
        (f"a b:{TEXT}", "key 1"),
        (f"-:{TEXT}", "the name of key 1"),
        (f"a:{TEXT},a:{OTHER.hex()}", "two keys named a"),
        ("file:/no/such/file", "cannot read the keys in /no/such/file"),
        ("command:false", "the command of SEGMENTLOOM_SPOOL_KEY failed"),
        ("command:", "the command of SEGMENTLOOM_SPOOL_KEY failed"),
    ],
)
def test_wrong_keys_are_refused_without_showing_them(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        ring(text)
    assert TEXT not in str(caught.value)
    assert caught.value.exit_code == 2


def test_required_encryption_needs_a_key() -> None:
    with pytest.raises(ConfigError, match="`encryption: required`, but SEGMENTLOOM_SPOOL_KEY is not set"):
        ring("", "required")
    assert ring("", "preferred") is None
    assert writing_keys("off", ring(TEXT)) is None
    assert writing_keys("preferred", ring(TEXT)) == ring(TEXT)


def test_a_command_without_output_is_no_key() -> None:
    with pytest.raises(ConfigError, match="is not set"):
        ring("command:true", "required")
