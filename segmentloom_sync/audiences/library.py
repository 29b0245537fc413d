"""The audience files of a project, read and checked together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from segmentloom_sync.audiences.definition import NAME_PATTERN, AudienceCondition, AudienceFile, SyncSpec
from segmentloom_sync.audiences.messages import problems_of
from segmentloom_sync.audiences.personal_data import personal_data
from segmentloom_sync.audiences.problems import START, Position, Problem, suggestion
from segmentloom_sync.audiences.reader import Document, Steps, read

FOLDER = "audiences"


class HasDirectory(Protocol):
    """A project, as far as reading its audiences needs it."""

    @property
    def directory(self) -> Path:
        """The folder of dbt_project.yml."""
        ...


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a file names another audience."""

    name: str
    position: Position


@dataclass(frozen=True, slots=True)
class Audience:
    """One valid audience file.

    Attributes:
        name: the file's name without .yml.
        path: the file, relative to the project, with slashes.
        file: its content.
        references: the audiences that it uses, in file order.
    """

    name: str
    path: str
    file: AudienceFile
    references: tuple[Reference, ...] = ()

    @property
    def definition(self) -> dict[str, Any]:
        """The `match` as the dbt macro takes it."""
        return dict(self.file.match.expression())

    @property
    def description(self) -> str:
        """What people read; the name when the file says nothing."""
        return self.file.description or f"Audience {self.name}."

    @property
    def cadence(self) -> str:
        """`hourly` or `daily`."""
        return self.file.cadence

    @property
    def sync(self) -> tuple[SyncSpec, ...]:
        """The lists that it fills."""
        return tuple(self.file.sync)

    @property
    def guard_max_removal_percent(self) -> int:
        """More removals than this hold a sync."""
        return self.file.guard.max_removal_percent


def load_audiences(project: HasDirectory) -> tuple[dict[str, Audience], list[Problem]]:
    """Read all audience files of a project.

    Returns:
        The valid audiences by name, sorted, and every problem of every file in file order. An audience that
        uses a wrong one is wrong too.
    """
    folder = project.directory / FOLDER
    files = sorted(entry for entry in folder.glob("*.y*ml") if entry.suffix in {".yml", ".yaml"})
    found: dict[str, Audience] = {}
    problems: list[Problem] = []
    for file in files:
        audience, wrong = load_file(file, label=f"{FOLDER}/{file.name}")
        problems += wrong
        if audience is not None:
            found[audience.name] = audience
    wrong = reference_problems(found.values(), known={file.stem for file in files})
    bad = {problem.path for problem in wrong}
    valid = {name: audience for name, audience in found.items() if audience.path not in bad}
    return valid, sorted(problems + wrong)


def load_file(file: Path, *, label: str) -> tuple[Audience | None, list[Problem]]:
    """Read one audience file; references to others are not followed.

    Args:
        file: the file.
        label: how problems name it.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        return None, [Problem(label, START, f"cannot be read: {(error.strerror or 'error').lower()}")]
    return parse(content, name=file.stem, label=label, extension=file.suffix)


def parse(
    content: bytes, *, name: str, label: str, extension: str = ".yml"
) -> tuple[Audience | None, list[Problem]]:
    """Read an audience from bytes."""
    problems = _name_problems(name, extension, label)
    document, unreadable = read(content, label)
    problems += unreadable
    if document is None:
        return None, sorted(problems)
    if not isinstance(document.data, dict):
        return None, sorted([*problems, Problem(label, START, "must be a mapping of keys, such as match:")])
    problems += [
        Problem(label, document.position(steps), f"looks like {kind}; personal data is not allowed here")
        for section in ("match", "tests")
        for steps, kind in personal_data(document.data.get(section), (section,))
    ]
    try:
        model = AudienceFile.model_validate(document.data)
    except ValidationError as error:
        problems += problems_of(error, document, label)
        return None, sorted(set(problems))
    problems += _sync_problems(model, document, label)
    if problems:
        return None, sorted(problems)
    return Audience(name, label, model, tuple(_references(model, document))), []


def reference_problems(audiences: Iterable[Audience], *, known: set[str]) -> list[Problem]:
    """Audiences that use one that is not there, is wrong, or comes back to themselves."""
    by_name = {audience.name: audience for audience in audiences}
    problems: list[Problem] = []
    usable = dict(by_name)
    while True:
        wrong = [
            Problem(audience.path, reference.position, _reference_message(audience, reference, usable, known))
            for audience in usable.values()
            for reference in audience.references
            if reference.name not in usable or _path_back(reference.name, audience.name, by_name)
        ]
        if not wrong:
            return problems
        problems += wrong
        paths = {problem.path for problem in wrong}
        usable = {name: audience for name, audience in usable.items() if audience.path not in paths}


def _reference_message(
    audience: Audience, reference: Reference, usable: Mapping[str, Audience], known: set[str]
) -> str:
    if reference.name not in known:
        others = known - {audience.name}
        return f"unknown audience '{reference.name}'; {suggestion(reference.name, others, kind='audiences')}"
    if reference.name not in usable:
        return f"uses the audience '{reference.name}', whose file is wrong"
    back = _path_back(reference.name, audience.name, usable)
    return f"the audience uses itself: {' -> '.join([audience.name, *back])}"


def _path_back(start: str, goal: str, audiences: Mapping[str, Audience]) -> list[str]:
    """The shortest way from one audience to another along their references; empty when there is none."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        if way[-1] == goal:
            return way
        following = audiences[way[-1]].references if way[-1] in audiences else ()
        for reference in following:
            if reference.name not in seen:
                seen.add(reference.name)
                ways.append([*way, reference.name])
    return []


def _references(model: AudienceFile, document: Document) -> Iterable[Reference]:
    for steps, leaf in model.match.leaves(("match",)):
        if isinstance(leaf, AudienceCondition):
            yield Reference(leaf.audience, document.position((*steps, "audience")))


def _name_problems(name: str, extension: str, label: str) -> list[Problem]:
    if extension != ".yml":
        return [Problem(label, START, f"must end in .yml; rename it to {name}.yml")]
    if not re.fullmatch(NAME_PATTERN, name):
        message = "the file's name is the audience's name: lower-case letters, digits and _, a letter first"
        return [Problem(label, START, message)]
    return []


def _sync_problems(model: AudienceFile, document: Document, label: str) -> list[Problem]:
    problems = []
    seen: dict[tuple[str, str], int] = {}
    for index, spec in enumerate(model.sync):
        steps: Steps = ("sync", index)
        if seen.setdefault((spec.destination, spec.list_name), index) != index:
            place = document.position(steps)
            problems.append(Problem(label, place, "the same destination and list are there twice"))
        if len(set(spec.identifiers)) != len(spec.identifiers):
            place = document.position((*steps, "identifiers"))
            problems.append(Problem(label, place, "identifiers must not repeat"))
    return problems
