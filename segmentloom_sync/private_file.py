"""Writes files that only their owner can read, as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from segmentloom_sync.errors import ConfigError


def write_whole(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a text file; a former one is replaced as a whole, and stays when anything fails.

    Args:
        mode: who may read it, by default its owner alone.

    Raises:
        ConfigError: the file cannot be written.
    """
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ConfigError(f"cannot write {file}: {(error.strerror or 'refused').lower()}") from None
