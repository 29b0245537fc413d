"""Reads dbt-duckdb's target settings: which file holds the data and how it is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project

_MEMORY = ":memory:"
_FOLDER_SETTINGS = ("extension_directory", "temp_directory")
_LITTLE: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "memory_limit": ("120MB", ("memory_limit", "max_memory")),
    "threads": (1, ("threads", "worker_threads")),
}
"""What `with_little_memory` sets, each with the names that DuckDB has for it. Every thread takes memory of
its own: two run out of it where one does not, and take as much CPU."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One entry of the target's `attach`."""

    path: str
    alias: str | None
    read_only: bool
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DuckDbSettings:
    """How to open the target's database.

    Attributes:
        path: what is opened, `:memory:` when the data lies in an attached file.
        database: the name of the database that holds our schemas; None: that of `path`.
        file: the file that holds our schemas; None for a service such as MotherDuck.
        config: configuration at opening.
        extensions: loaded before anything is attached.
        attachments: attached after that.
        settings: set last.
    """

    path: str
    database: str | None
    file: Path | None
    config: Mapping[str, Any]
    extensions: Sequence[str]
    attachments: Sequence[Attachment]
    settings: Mapping[str, Any]


def read_settings(project: Project) -> DuckDbSettings:
    """Read the target of a project whose engine is DuckDB; relative paths start at the project's folder.

    Raises:
        ConfigError: the target keeps its data in memory only, or an entry has the wrong shape.
    """
    output = project.output
    path = _absolute(str(output.get("path") or _MEMORY), project.directory)
    attachments = [_attachment(entry, project.directory) for entry in _listed(output, "attach")]
    database = _text(output, "database")
    file = _file(path)
    if path == _MEMORY:
        ours = [entry for entry in attachments if entry.alias == database and not entry.read_only]
        if database is None or not ours:
            raise ConfigError(
                f"target {project.target!r} keeps its data in memory, so nothing would last",
                hint="give it `path: warehouse.duckdb`, or `database` the alias of an attached file",
            )
        file = _file(ours[0].path)
    config = dict(_mapping(output, "config_options"))
    for name in _FOLDER_SETTINGS:
        if name in config:
            config[name] = _absolute(str(config[name]), project.directory)
    return DuckDbSettings(
        path=path,
        database=database if path == _MEMORY else None,
        file=file,
        config=config,
        extensions=[_extension(entry) for entry in _listed(output, "extensions")],
        attachments=attachments,
        settings=_mapping(output, "settings"),
    )


def sets_memory_limit(settings: DuckDbSettings) -> bool:
    """Whether the target itself sets a memory_limit."""
    return not _given(settings).isdisjoint(_LITTLE["memory_limit"][1])


def _given(settings: DuckDbSettings) -> set[str]:
    return {str(name).lower() for name in (*settings.config, *settings.settings)}


def with_little_memory(settings: DuckDbSettings) -> DuckDbSettings:
    """The same for work that goes through many rows and needs few at a time.

    DuckDB would take most of the machine's memory to spare the disk. What the target sets itself stays. What
    does not fit is written to its `temp_directory`, encrypted where a database is.
    """
    given = _given(settings)
    config = dict(settings.config)
    for name, (value, names) in _LITTLE.items():
        if given.isdisjoint(names):
            config[name] = value
    options = (str(option).lower() for entry in settings.attachments for option in entry.options)
    if "encryption_key" in options and "temp_file_encryption" not in given:
        config["temp_file_encryption"] = True
    return replace(settings, config=config)


def _attachment(entry: Any, folder: Path) -> Attachment:
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        raise ConfigError("an entry of `attach` in profiles.yml has no `path`")
    options = dict(_mapping(entry, "options"))
    if entry.get("type"):
        options["type"] = entry["type"]
    return Attachment(
        path=_absolute(entry["path"], folder),
        alias=_text(entry, "alias"),
        read_only=bool(entry.get("read_only")),
        options=options,
    )


def _extension(entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else entry
    if not isinstance(name, str) or not name.isidentifier():
        raise ConfigError("an entry of `extensions` in profiles.yml is not the name of an extension")
    return name


def _mapping(settings: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = settings.get(key) or {}
    if not isinstance(value, dict):
        raise ConfigError(f"`{key}` in profiles.yml must be a mapping of names to values")
    return value


def _listed(settings: Mapping[str, Any], key: str) -> list[Any]:
    value = settings.get(key) or []
    if not isinstance(value, list):
        raise ConfigError(f"`{key}` in profiles.yml must be a list")
    return value


def _text(settings: Mapping[str, Any], key: str) -> str | None:
    value = settings.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"`{key}` in profiles.yml must be text")
    return value


def _absolute(path: str, folder: Path) -> str:
    if path == _MEMORY or _is_service(path):
        return path
    return str((folder / Path(path).expanduser()).resolve())


def _file(path: str) -> Path | None:
    return None if path == _MEMORY or _is_service(path) else Path(path)


def _is_service(path: str) -> bool:
    return path.startswith(("md:", "motherduck:", "ducklake:")) or "://" in path
