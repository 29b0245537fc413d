"""The keys that the spool is encrypted under: one that writes, and former ones that still read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from segmentloom_sync.errors import ConfigError

KEY_VARIABLE: Final = "SEGMENTLOOM_SPOOL_KEY"
KEY_BYTES: Final = 32
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_COMMAND_SECONDS: Final = 30
_HINT: Final = f"{KEY_VARIABLE}=<name>:$(openssl rand -base64 32), or file:<path>, or command:<command>"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by their ids. Holds secrets: never print it.

    Attributes:
        current: the id of the key that new segments are written under.
        keys: id to 32 bytes; the former ones read what was written under them.
    """

    current: str
    keys: Mapping[str, bytes] = field(repr=False)


def read_keys(encryption: str = "preferred", environment: Mapping[str, str] | None = None) -> KeyRing | None:
    """The keys that SEGMENTLOOM_SPOOL_KEY names.

    The variable holds keys, separated by commas or line ends, the current one first, each as `<id>:<key>`
    or just `<key>`, where a key is 32 bytes in base64 or hexadecimal; or `file:<path>` or
    `command:<command>`, whose content or output is that.

    Args:
        encryption: `encryption` of segmentloom.yml: required, preferred or off.
        environment: variables; default: those of this process.

    Returns:
        None when the variable is not set. With `off` the keys are read all the same: what was written under
        them must stay readable; `writing_keys` says what a writer gets.

    Raises:
        ConfigError: a key is wrong or cannot be read, or none is given where `encryption` is required.
    """
    text = (os.environ if environment is None else environment).get(KEY_VARIABLE, "").strip()
    if text.startswith("file:"):
        text = _of_file(Path(text.removeprefix("file:")).expanduser())
    elif text.startswith("command:"):
        text = _of_command(text.removeprefix("command:"))
    entries = [entry for entry in re.split(r"[,\s]+", text) if entry]
    if not entries:
        if encryption == "required":
            raise ConfigError(
                f"segmentloom.yml says `encryption: required`, but {KEY_VARIABLE} is not set", hint=_HINT
            )
        return None
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(entries, start=1):
        name, key = _parsed(entry, number)
        if keys.setdefault(name, key) != key:
            raise ConfigError(f"{KEY_VARIABLE} has two keys named {name}", hint="give each a name of its own")
    return KeyRing(next(iter(keys)), keys)


def writing_keys(encryption: str, keys: KeyRing | None) -> KeyRing | None:
    """The keys for a writer: none where segmentloom.yml says `encryption: off`."""
    return None if encryption == "off" else keys


def _parsed(entry: str, number: int) -> tuple[str, bytes]:
    name, colon, text = entry.rpartition(":")
    key = _decoded(text)
    if key is None or len(key) != KEY_BYTES:
        raise ConfigError(
            f"key {number} of {KEY_VARIABLE} is no 32 bytes in base64 or hexadecimal", hint=_HINT
        )
    if not colon:
        return hashlib.sha256(key).hexdigest()[:8], key
    if not _ID.fullmatch(name):
        raise ConfigError(
            f"the name of key {number} of {KEY_VARIABLE} is not 1 to 32 letters, digits, '.', '_' or '-'",
            hint=_HINT,
        )
    return name, key


def _decoded(text: str) -> bytes | None:
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return bytes.fromhex(text)
    try:
        return base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_" if {*text} & {*"-_"} else None, validate=True
        )
    except (binascii.Error, ValueError):
        return None


def _of_file(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"cannot read the keys in {path}: {reason}", hint=_HINT) from None


def _of_command(command: str) -> str:
    try:
        words = shlex.split(command)
        done = subprocess.run(words, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True)
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        # What it printed may hold a key, so it is not shown.
        raise ConfigError(f"the command of {KEY_VARIABLE} failed or gave no text", hint=_HINT) from None
    return done.stdout.strip()
