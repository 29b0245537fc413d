"""Decisions as JSON lines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.decisions import Decision


def json_lines(decisions: Iterable[Decision]) -> str:
    """One line for each."""
    return "".join(json.dumps(decision.document()) + "\n" for decision in decisions)


def write_export(file: Path, decisions: Iterable[Decision]) -> None:
    """Write them to a file that only its owner can read; a former one is replaced as a whole.

    Raises:
        ConfigError: the file cannot be written.
    """
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(json_lines(decisions))
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ConfigError(f"cannot write {file}: {(error.strerror or 'refused').lower()}") from None
