"""Decisions as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from segmentloom_sync.identity.decisions import Decision
from segmentloom_sync.private_file import write_whole


def json_lines(decisions: Iterable[Decision]) -> str:
    """One line for each."""
    return "".join(json.dumps(decision.document()) + "\n" for decision in decisions)


def write_export(file: Path, decisions: Iterable[Decision]) -> None:
    """Write them to a file that only its owner can read; a former one is replaced as a whole.

    Raises:
        ConfigError: the file cannot be written.
    """
    write_whole(file, json_lines(decisions))
