"""Lays out a new project: a dbt project that uses our package, a profile, destinations, one audience."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import segmentloom_sync
from segmentloom_sync.audiences.json_schema import schema_text
from segmentloom_sync.errors import ConfigError

TEMPLATES = Path(__file__).resolve().parent / "templates"
FILES = {"gitignore": ".gitignore"}
"""Templates whose name in a project is another one."""
SCHEMA = "schemas/audience.schema.json"
"""What the first line of an audience file points editors at."""


@dataclass(frozen=True, slots=True)
class NewProject:
    """What was laid out.

    Attributes:
        directory: the project's folder.
        name: its name in dbt.
        written: the files made, relative to the folder.
        kept: the files that were there already; they are as they were.
        lacks_package: packages.yml was there and does not name our package.
    """

    directory: Path
    name: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    lacks_package: bool


def lay_out(directory: Path) -> NewProject:
    """Write what a project needs; a file that exists is never touched.

    Raises:
        ConfigError: packages.yml cannot be read, and nothing was written; or the folder cannot be made or
            written.
    """
    directory = directory.expanduser().resolve()
    name = project_name(directory)
    values = {"name": name, "package": package_directory().as_posix()}
    there_before = _packages(directory)
    written, kept = [], []
    try:
        for relative, text in _files(values):
            path = directory / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                kept.append(relative)
                continue
            path.write_text(text, encoding="utf-8")
            written.append(relative)
        (directory / "models").mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot write {error.filename}: {error.strerror}") from error
    lacks = there_before is not None and "segmentloom" not in there_before.lower()
    return NewProject(directory, name, tuple(written), tuple(kept), lacks)


def _packages(directory: Path) -> str | None:
    """The text of packages.yml; None when it is to be written."""
    file = directory / "packages.yml"
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        raise ConfigError(f"cannot read {file}: it is not UTF-8", hint="save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {(error.strerror or 'unreadable').lower()}") from None


def project_name(directory: Path) -> str:
    """A name that dbt takes, made from the folder's; never that of our own package."""
    name = re.sub(r"\W+", "_", directory.name.lower(), flags=re.ASCII).strip("_") or "project"
    return f"project_{name}" if name[0].isdigit() or name == "segmentloom" else name


def package_directory() -> Path:
    """The dbt package of this version: in the wheel beside the code, in a checkout the repository itself.

    Raises:
        ConfigError: neither is there.
    """
    code = Path(segmentloom_sync.__file__).resolve().parent
    for directory in (code / "dbt_package", code.parent):
        if (directory / "dbt_project.yml").is_file() and (directory / "macros").is_dir():
            return directory
    raise ConfigError(
        f"the dbt package is not in {code}", hint="install segmentloom again: pip install segmentloom"
    )


def _files(values: dict[str, str]) -> Iterator[tuple[str, str]]:
    for template in sorted(path for path in TEMPLATES.rglob("*") if path.is_file()):
        relative = template.relative_to(TEMPLATES).as_posix()
        text = template.read_text(encoding="utf-8")
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        yield FILES.get(relative, relative), text
    yield SCHEMA, schema_text()
