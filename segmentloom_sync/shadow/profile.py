"""The target of a shadow: the project's own, with another schema."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import PROFILES_FILE, Project


def shadow_schema(project: Project) -> str:
    """The name of the schema `S_plan`."""
    return f"{project.schema}_plan"


@contextmanager
def shadow_profiles(project: Project) -> Iterator[Path]:
    """A folder with a profiles.yml in which the target has the shadow's schema.

    Expressions stay as they are, for dbt to fill in: no secret of the environment gets into a file. It is
    readable by nobody else, and goes with the block.

    Raises:
        ConfigError: the project's profiles.yml has been changed since it was read.
    """
    text = yaml.safe_dump(_document(project))
    with tempfile.TemporaryDirectory(prefix="segmentloom-shadow-") as folder:
        (Path(folder) / PROFILES_FILE).write_text(text, encoding="utf-8")
        yield Path(folder)


def _document(project: Project) -> dict[str, object]:
    file = project.profiles_dir / PROFILES_FILE
    try:
        output = yaml.safe_load(file.read_text(encoding="utf-8"))[project.profile]["outputs"][project.target]
        # On BigQuery `dataset` says the same.
        changed = {key: value for key, value in output.items() if key != "dataset"}
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{file} was changed meanwhile", hint="try again") from None
    changed["schema"] = shadow_schema(project)
    return {project.profile: {"target": project.target, "outputs": {project.target: changed}}}
