"""Names in audience files that stand for something else: destinations and other audiences.

They are looked up in the file as it was read, so that a file whose keys or values are wrong has its unknown
names reported with them, and the identifiers that a destination does not take.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard, get_args

from segmentloom_sync.audiences.conditions import NAME_PATTERN
from segmentloom_sync.audiences.definition import IdentifierType, SyncSpec
from segmentloom_sync.audiences.problems import Problem, suggestion
from segmentloom_sync.audiences.reader import Document, Steps, read
from segmentloom_sync.destinations.registry import destination_type, destination_types
from segmentloom_sync.settings import FILE

_IDENTIFIERS: Final = get_args(IdentifierType)
_DEFAULT_IDENTIFIERS: Final = SyncSpec.model_fields["identifiers"].default


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What there is to name.

    Attributes:
        audiences: the names of all files.
        destinations: those of segmentloom.yml, each with its type as it is written there; None where that
            is not known.
    """

    audiences: frozenset[str] = frozenset()
    destinations: Mapping[str, str] | None = None


def configured_destinations(directory: Path, file: Path | None = None) -> Mapping[str, str] | None:
    """The destinations in segmentloom.yml, each with its type as it is written there.

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
    if not isinstance(blocks, dict) or not blocks:
        return None
    return {
        str(name): str(block.get("type")) if isinstance(block, dict) else "" for name, block in blocks.items()
    }


def unknown_destinations(document: Document, known: KnownNames, label: str) -> list[Problem]:
    """A problem for each destination under `sync` that segmentloom.yml does not name."""
    if known.destinations is None:
        return []
    return [
        Problem(
            label,
            document.position(("sync", index, "destination")),
            f"unknown destination '{name}'; {destination_hint(name, known.destinations)}",
        )
        for index, name, _ in _syncs(document)
        if name not in known.destinations
    ]


def destination_hint(wrong: str, known: Iterable[str]) -> str:
    """The destination that was meant, or all of them: the names are few, and a far one misleads."""
    return suggestion(wrong, known, kind="destinations", likeness=0.8)


def refused_identifiers(document: Document, known: KnownNames, label: str) -> list[Problem]:
    """A problem for each kind of identifier under `sync` that its destination does not take."""
    problems = []
    for index, name, entry in _syncs(document):
        taken = _identifiers_taken((known.destinations or {}).get(name))
        given = entry.get("identifiers", _DEFAULT_IDENTIFIERS)
        for place, kind in enumerate(given if isinstance(given, list) else []):
            if taken is not None and kind in _IDENTIFIERS and kind not in taken:
                steps: Steps = ("sync", index, "identifiers", place)
                if "identifiers" not in entry:
                    steps = ("sync", index, "destination")
                message = f"{name} does not take {kind}; it takes {', '.join(taken)}"
                problems.append(Problem(label, document.position(steps), message))
    return problems


def _syncs(document: Document) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The entries under `sync` that name a destination, with their places."""
    entries = document.data.get("sync")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict) and _is_name(name := entry.get("destination")):
            yield index, name, entry


def _identifiers_taken(kind: str | None) -> tuple[str, ...] | None:
    """What a type of destination takes; None for a type that is none, which segmentloom.yml is blamed for."""
    if kind is None or kind not in destination_types():
        return None
    taken: tuple[str, ...] = destination_type(kind).identifier_types
    return taken


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
