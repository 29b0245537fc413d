"""audiences/*.yml -> models/audiences/: one model for each audience and one properties file.

What is generated is committed: dbt alone builds it, and a reviewer sees what an edit changes. The text
depends on the audience files and the project's name only.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from segmentloom_sync.audiences.known_names import configured_destinations
from segmentloom_sync.audiences.library import (
    MARK,
    MODELS,
    Audience,
    HasDirectory,
    generated_text,
    listed,
    load_audiences,
)
from segmentloom_sync.audiences.properties import PROPERTIES_FILE, entries_in, entries_of, properties_text
from segmentloom_sync.audiences.references import Claim
from segmentloom_sync.errors import ConfigError, DefinitionError


class NamedProject(HasDirectory, Protocol):
    """A project, as far as compiling needs it."""

    @property
    def name(self) -> str:
        """The dbt project's name."""
        ...


@dataclass(frozen=True, slots=True)
class Compiled:
    """What compiling did, or would do.

    Attributes:
        audiences: the names of all audiences.
        written: files that were new or different, relative to the project.
        removed: generated files whose audience is gone.
    """

    audiences: tuple[str, ...]
    written: tuple[Path, ...]
    removed: tuple[Path, ...]

    @property
    def is_up_to_date(self) -> bool:
        """Whether there was nothing to do."""
        return not self.written and not self.removed


def compile_audiences(project: NamedProject, *, check: bool = False) -> Compiled:
    """Write the models of all audiences.

    Args:
        project: the dbt project.
        check: only say what is out of date.

    Raises:
        DefinitionError: an audience file is wrong, or names a destination that segmentloom.yml does not;
            nothing was written.
        ConfigError: a hand-written file stands where a generated one belongs, the audiences' folder is
            missing or unreadable (nothing was written), or the models' folder cannot be written.
    """
    audiences, problems = load_audiences(project, destinations=configured_destinations(project.directory))
    if problems:
        raise DefinitionError([str(problem) for problem in problems])
    return write_models(project, audiences, check=check)


def write_models(
    project: NamedProject,
    audiences: dict[str, Audience],
    *,
    check: bool = False,
    keep: Collection[str] = (),
) -> Compiled:
    """Write the models of these audiences and remove generated ones of others; see `compile_audiences`.

    Args:
        keep: names of audiences whose generated models stay as they are, since their files are wrong now.
    """
    folder = project.directory / MODELS
    existing = {path: text for path in listed(folder) if (text := generated_text(path)) is not None}
    wanted = {
        folder / f"audience_{name}.sql": model_text(audience, project.name)
        for name, audience in audiences.items()
    }
    entries = entries_of(audiences.values(), project.name)
    earlier = existing.get(folder / PROPERTIES_FILE, "")
    if keep and MARK in earlier:
        entries |= entries_in(earlier, keep)
    if entries:
        wanted[folder / PROPERTIES_FILE] = properties_text(entries, mark=MARK)
    for path in wanted.keys() & existing.keys():
        if MARK not in existing[path]:
            raise ConfigError(
                f"{path.relative_to(project.directory)} was not generated and would be overwritten",
                hint="move it out of models/audiences, or rename the audience",
            )
    stale = [path for path, text in wanted.items() if existing.get(path) != text]
    kept = {folder / f"audience_{name}.sql" for name in keep}
    gone = [path for path, text in existing.items() if path not in wanted.keys() | kept and MARK in text]
    if not check:
        for path in stale:
            with _writing(path):
                _write(path, wanted[path])
        for path in gone:
            with _writing(path):
                path.unlink()
    return Compiled(
        audiences=tuple(audiences),
        written=tuple(path.relative_to(project.directory) for path in sorted(stale)),
        removed=tuple(path.relative_to(project.directory) for path in gone),
    )


def kept_claims(project: HasDirectory, names: Collection[str]) -> list[Claim]:
    """The priority groups of generated models that stay as they are, since their files are wrong now."""
    path = project.directory / MODELS / PROPERTIES_FILE
    earlier = (generated_text(path) or "") if path.exists() else ""
    entries = entries_in(earlier, names) if MARK in earlier else {}
    return [
        Claim(name, model["config"]["meta"].get("segmentloom_priority_group"))
        for name, (model, _) in entries.items()
    ]


def model_text(audience: Audience, project_name: str) -> str:
    """The dbt model of an audience: a call of the macro with the definition."""
    # The text is read as a Jinja literal: a backslash escape for a character beyond the basic plane would be
    # read as two halves, so characters stay as they are.
    definition = json.dumps(audience.definition, indent=4, sort_keys=True, ensure_ascii=False)
    return (
        f"{{# {MARK} from {audience.path}; edit that file instead. #}}\n\n"
        f"{{{{ config(enabled=(project_name == '{project_name}'), materialized='audience_view') }}}}\n\n"
        f"{{{{ segmentloom.audience({definition}) }}}}\n"
    )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "not writable").lower()
        raise ConfigError(
            f"cannot write {path}: {reason}", hint="compile writes into models/audiences; make it writable"
        ) from None


def _write(path: Path, text: str) -> None:
    """All of the text or nothing: a reader, or a crash, never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        scratch.chmod(0o644)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
