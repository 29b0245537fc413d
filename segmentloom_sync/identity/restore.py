"""Puts decisions back from an export: after a warehouse was lost, or into another one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.decisions import COLUMNS, Decision, all_decisions, record_all
from segmentloom_sync.identity.identifier import TYPES
from segmentloom_sync.warehouse.base import Warehouse

_ID = re.compile(r"[0-9a-f]{32}")
_WORDS = ("reason", "requested_by")
_HINT = "nothing was recorded; each line must be as `segmentloom-sync identity export` writes it"


def restore(warehouse: Warehouse, file: Path) -> tuple[int, int]:
    """Record the decisions of a file that are not there yet, all or none, with their times and names.

    A link need not exist: its decision holds as soon as an event shows it.

    Returns:
        How many the file has, and how many were new.

    Raises:
        ConfigError: the file cannot be read, or a line is no decision; nothing was written.
    """
    decisions = list(_read(file))
    known = {decision.override_id for decision in all_decisions(warehouse)}
    new = {decision.override_id: decision for decision in decisions if decision.override_id not in known}
    record_all(warehouse, list(new.values()))
    return len(decisions), len(new)


def _read(file: Path) -> Iterator[Decision]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {(error.strerror or 'unreadable').lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not valid UTF-8") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _decision(line)
            except ConfigError as error:
                raise ConfigError(f"{file}:{number}: {error.message}", hint=_HINT) from None


def _decision(line: str) -> Decision:
    try:
        entry: Any = json.loads(line)
    except ValueError:
        raise ConfigError("not valid JSON") from None
    if not isinstance(entry, dict):
        raise ConfigError("no JSON object")
    for column in COLUMNS:
        value = entry.get(column)
        if not isinstance(value, str) and (value is not None or column not in {"merge_id", "applied_run_id"}):
            raise ConfigError(f"`{column}` is missing or no text")
    if entry["action"] not in {"unmerge", "remerge"}:
        raise ConfigError("`action` must be unmerge or remerge")
    if not _ID.fullmatch(entry["override_id"]):
        raise ConfigError("`override_id` must be 32 hexadecimal digits")
    for column in _WORDS:
        if not entry[column].strip():
            raise ConfigError(f"`{column}` is blank")
    for end in ("identifier", "other"):
        if entry[f"{end}_type"] not in TYPES:
            raise ConfigError(f"`{end}_type` must be one of {', '.join(TYPES)}")
        if not entry[f"{end}_value"]:
            raise ConfigError(f"`{end}_value` is empty")
    row = tuple(_moment(entry[column]) if column == "decided_at" else entry[column] for column in COLUMNS)
    # This warehouse has not applied it yet, whatever another did.
    return replace(Decision.of_row(row), applied_run_id=None)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError("`decided_at` is no time") from None
    if moment.tzinfo is None:
        raise ConfigError("`decided_at` has no time zone")
    return moment.astimezone(UTC)
