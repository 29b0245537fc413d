"""Keeps the lists of simulated platforms in a file, so that they outlive their servers."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.simulators.lists import Key, SimulatedList
from segmentloom_sync.simulators.platform import Platform


def require_writable(path: Path) -> None:
    """Make sure that `save` can write there, before there is something to lose; leaves everything as it is.

    Raises:
        ConfigError: it cannot.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        partial = _partial(path)
        partial.touch()
        partial.unlink()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a file's name").lower()
        raise ConfigError(f"cannot write {path}: {reason}", hint="name another file with --state") from None


def save(path: Path, platforms: Mapping[str, Platform]) -> None:
    """Write the lists with their members; request ids and sessions are not kept."""
    document = {name: [_dump(entry) for entry in platform.lists] for name, platform in platforms.items()}
    partial = _partial(path)
    partial.write_text(json.dumps(document), encoding="utf-8")
    partial.replace(path)


def load(path: Path, platforms: Mapping[str, Platform]) -> None:
    """Bring back what `save` wrote; a file that does not exist is an empty one.

    Raises:
        ConfigError: the file is not one of ours.
    """
    if not path.exists():
        return
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        for name, platform in platforms.items():
            for entry in document.get(name, []):
                platform.lists.restore(_load(entry))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(
            f"{path}: cannot be read as a simulator state", hint="delete the file, or name another"
        ) from None


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.partial")


def _dump(entry: SimulatedList) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "account": entry.account,
        "created_at": entry.created_at.isoformat(),
        "touched_at": entry.touched_at.isoformat() if entry.touched_at else None,
        "members": [[*key, added_at.isoformat()] for key, added_at in entry.members.items()],
        "uploads": [[moment.isoformat(), count] for moment, count in entry.uploads],
        "details": entry.details,
    }


def _load(entry: Mapping[str, Any]) -> SimulatedList:
    return SimulatedList(
        id=str(int(entry["id"])),
        name=entry["name"],
        account=entry["account"],
        created_at=datetime.fromisoformat(entry["created_at"]),
        touched_at=datetime.fromisoformat(entry["touched_at"]) if entry["touched_at"] else None,
        members={Key(kind, value): datetime.fromisoformat(at) for kind, value, at in entry["members"]},
        uploads=[(datetime.fromisoformat(at), count) for at, count in entry["uploads"]],
        details=entry["details"],
    )
