"""Names in audience files that stand for something else: destinations and other audiences.

They are looked up in the file as it was read, so that a file whose keys or values are wrong has its unknown
names reported with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from segmentloom_sync.audiences.conditions import NAME_PATTERN
from segmentloom_sync.audiences.problems import Problem, suggestion
from segmentloom_sync.audiences.reader import Document, Steps, read
from segmentloom_sync.settings import FILE


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What there is to name.

    Attributes:
        audiences: the names of all files.
        destinations: those of segmentloom.yml; None where that is not known.
    """

    audiences: frozenset[str] = frozenset()
    destinations: frozenset[str] | None = None


def configured_destinations(directory: Path, file: Path | None = None) -> frozenset[str] | None:
    """The names of the destinations in segmentloom.yml.

    Args:
        directory: the project's folder, where the file is by default.
        file: another file.

    Returns:
        None while there is no such file, it names none yet, or it cannot be read: the commands that use it
        say what is wrong with it.
    """
    try:
        content = (file or directory / FILE).read_bytes()
    except OSError:
        return None
    document, _ = read(content, FILE, kind=FILE)
    blocks = document.data.get("destinations") if document and isinstance(document.data, dict) else None
    return frozenset(str(name) for name in blocks) if isinstance(blocks, dict) and blocks else None


def unknown_destinations(document: Document, known: KnownNames, label: str) -> list[Problem]:
    """A problem for each destination under `sync` that segmentloom.yml does not name."""
    entries = document.data.get("sync")
    if known.destinations is None or not isinstance(entries, list):
        return []
    return [
        Problem(
            label,
            document.position(("sync", index, "destination")),
            f"unknown destination '{name}'; {suggestion(name, known.destinations, kind='destinations')}",
        )
        for index, entry in enumerate(entries)
        if isinstance(entry, dict)
        and _is_name(name := entry.get("destination"))
        and name not in known.destinations
    ]


def unknown_audiences(document: Document, known: KnownNames, name: str, label: str) -> list[Problem]:
    """A problem for each audience that a wrong file uses and that has no file.

    Args:
        document: what was read of the file.
        known: what there is.
        name: the file's own audience, which is never suggested.
        label: how problems name the file.
    """
    others = known.audiences - {name}
    return [
        Problem(
            label,
            document.position(steps),
            f"unknown audience '{used}'; {suggestion(used, others, kind='audiences')}",
        )
        for section in ("match", "exclude")
        for steps, used in _used(document.data.get(section), (section,))
        if used not in known.audiences
    ]


def _used(condition: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    """The audiences that a condition names, with their places; what else is wrong with it does not matter."""
    if not isinstance(condition, dict):
        return
    used = condition.get("audience")
    if _is_name(used):
        yield (*steps, "audience"), used
    for key in ("all", "any"):
        parts = condition.get(key)
        for index, part in enumerate(parts if isinstance(parts, list) else []):
            yield from _used(part, (*steps, key, index))
    yield from _used(condition.get("not"), (*steps, "not"))


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and re.fullmatch(NAME_PATTERN, value) is not None
