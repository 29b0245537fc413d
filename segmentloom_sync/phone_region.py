"""The country of phone numbers without a country code: one for what is landed and for what dbt reads."""

from __future__ import annotations

from pathlib import Path

from segmentloom_sync.destinations.settings import phone_region
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import PROJECT_FILE, Project
from segmentloom_sync.settings import FILE, PHONE_REGION, load_settings

VARIABLE = "segmentloom_default_phone_region"


def configured_phone_region(project: Project, config: Path | None = None) -> str | None:
    """The region that segmentloom.yml or dbt_project.yml names, or None.

    dbt does not read segmentloom.yml: what it has to know of numbers that were not landed by us is its var.

    Args:
        config: another file than the project's segmentloom.yml.

    Raises:
        DefinitionError: segmentloom.yml is wrong.
        ConfigError: the var is no country, or the two files contradict each other.
    """
    variable = project.variables.get(VARIABLE)
    if variable is not None:
        try:
            phone_region(variable)
        except ValueError as error:
            raise ConfigError(f"{PROJECT_FILE}: {VARIABLE} {error}") from None
    named = None
    if config is not None or (project.directory / FILE).exists():
        named = load_settings(project.directory, config).default_phone_region()
    if named is not None and variable is not None and named != variable:
        raise ConfigError(
            f"{FILE} says {PHONE_REGION}: {named}, {PROJECT_FILE} says {VARIABLE}: {variable}",
            hint="name the same country in both: the same number would become two",
        )
    return named or variable
