"""Refuses to use a DuckDB file in plain text where the settings demand encryption."""

from __future__ import annotations

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project


def check_encryption(project: Project, setting: str) -> None:
    """Fail closed when `encryption: required` meets a file that would be written in plain text.

    Args:
        setting: `encryption` of segmentloom.yml.

    Raises:
        ConfigError: the target's file has no encryption key.
    """
    if setting != "required" or project.engine != "duckdb":
        return
    from segmentloom_sync.warehouse.duckdb_settings import read_settings

    settings = read_settings(project)
    ours = [entry for entry in settings.attachments if entry.alias == settings.database]
    keys = {str(option).lower() for entry in ours for option in entry.options}
    if settings.file is not None and "encryption_key" not in keys:
        raise ConfigError(
            f"segmentloom.yml says `encryption: required`, but {settings.file.name} is not encrypted",
            hint="attach it with an `encryption_key` in profiles.yml, or set `encryption: off`",
        )
