"""Opens the target's DuckDB database, plain or encrypted."""

from __future__ import annotations

import importlib.resources
import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.warehouse.duckdb_settings import Attachment, DuckDbSettings

if TYPE_CHECKING:
    import duckdb

SCRATCH = "segmentloom_scratch"
_PACKAGE_HINT = 'pip install "segmentloom[encryption]"'


def open_database(settings: DuckDbSettings, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open it; the session's time zone is UTC and the current database is the one that holds our schemas.

    A file that does not exist is made, whole or not at all: the caller has our lock on it.

    Raises:
        duckdb.Error: the engine refused, for instance because another process has the file open.
        ConfigError: an extension that the target names can be found neither on disk nor as a package.
    """
    if settings.file is not None and not read_only and not settings.file.exists():
        _create(settings, settings.file)
    return _open(settings, read_only=read_only)


def _create(settings: DuckDbSettings, file: Path) -> None:
    """DuckDB writes a new file in steps; one that was killed between them would open nevermore."""
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.unlink(missing_ok=True)

    def moved(path: str) -> str:
        return str(unfinished) if path == str(file) else path

    attachments = [replace(entry, path=moved(entry.path)) for entry in settings.attachments]
    _open(replace(settings, path=moved(settings.path), attachments=attachments), read_only=False).close()
    unfinished.rename(file)


def _open(settings: DuckDbSettings, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    import duckdb

    with_data = settings.database is None
    connection = duckdb.connect(
        settings.path, read_only=read_only and with_data, config=dict(settings.config)
    )
    try:
        for extension in settings.extensions:
            load_extension(connection, extension)
        for attachment in settings.attachments:
            ours = attachment.alias is not None and attachment.alias == settings.database
            connection.execute(_attach(attachment, read_only=attachment.read_only or (read_only and ours)))
        for name, value in settings.settings.items():
            connection.execute(f"set {identifier(str(name))} = {_value(value)}")
        connection.execute("set global TimeZone = 'UTC'")
        # It would be on stdout where Python was started with `-c`, among what a command answers.
        connection.execute("set enable_progress_bar = false")
        if not read_only:
            # In memory, so that a killed run leaves no rows; all cursors see it, unlike temporary tables.
            connection.execute(f"attach if not exists ':memory:' as {SCRATCH}")
        if settings.database is not None:
            connection.execute(f"use {identifier(settings.database)}")
    except BaseException:
        connection.close()
        raise
    return connection


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension; where it is not installed yet, install it from its Python package.

    Raises:
        ConfigError: it is neither installed nor there as a package.
    """
    import duckdb

    try:
        connection.execute(f"load {name}")
    except duckdb.Error:
        package = f"duckdb_extension_{name}"
        if importlib.util.find_spec(package) is None:
            raise ConfigError(
                f"the DuckDB extension {name} is not installed",
                hint=_PACKAGE_HINT if name == "httpfs" else f"run `install {name}` in DuckDB",
            ) from None
        version = connection.execute("select version()").fetchall()[0][0]
        file = importlib.resources.files(package) / "extensions" / version / f"{name}.duckdb_extension"
        if not file.is_file():
            raise ConfigError(
                f"the package {package} has no build for DuckDB {version}",
                hint=_PACKAGE_HINT,
            ) from None
        connection.execute(f"install {_value(str(file))}")
        connection.execute(f"load {name}")


def identifier(name: str) -> str:
    """A name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def _attach(attachment: Attachment, *, read_only: bool) -> str:
    options: Mapping[str, Any] = {**attachment.options, **({"read_only": True} if read_only else {})}
    alias = f" as {identifier(attachment.alias)}" if attachment.alias else ""
    listed = ", ".join(f"{name} {_value(value)}" for name, value in options.items())
    return f"attach if not exists {_value(attachment.path)}{alias}" + (f" ({listed})" if listed else "")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"
