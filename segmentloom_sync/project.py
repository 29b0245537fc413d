"""Finds the dbt project and its warehouse target as dbt itself does: one set of credentials serves both."""

from __future__ import annotations

import difflib
import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import yaml

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.profile_text import render
from segmentloom_sync.warehouse.base import Engine

PROJECT_FILE = "dbt_project.yml"
PROFILES_FILE = "profiles.yml"
PACKAGE = "segmentloom"

_CLIENT_MODULES: Mapping[Engine, str] = {
    "duckdb": "duckdb",
    "bigquery": "google.cloud.bigquery",
    "snowflake": "snowflake.connector",
}


@dataclass(frozen=True, slots=True)
class Project:
    """A dbt project and the target that was chosen in its profile.

    Attributes:
        directory: folder of dbt_project.yml, absolute.
        name: the project's name.
        variables: its dbt vars as our package sees them.
        profiles_dir: folder of the profiles.yml that was used, absolute.
        profile: name of the profile.
        target: name of the target.
        engine: the target's warehouse.
        output: the target's settings with environment variables filled in. May hold secrets: never print it.
    """

    directory: Path
    name: str
    variables: Mapping[str, Any]
    profiles_dir: Path
    profile: str
    target: str
    engine: Engine
    output: Mapping[str, Any] = field(repr=False)

    @classmethod
    def find(
        cls,
        project_dir: Path | None = None,
        profiles_dir: Path | None = None,
        target: str | None = None,
    ) -> Project:
        """Find and read the project.

        Args:
            project_dir: folder of dbt_project.yml; default: DBT_PROJECT_DIR, else the working directory
                or the nearest folder above it that has one.
            profiles_dir: folder of profiles.yml; default: DBT_PROFILES_DIR, the working directory, the
                project's folder, `~/.dbt`.
            target: the target; default: DBT_TARGET, else the profile's.

        Raises:
            ConfigError: a file, the profile, the target, a variable or a package is missing or wrong.
        """
        directory = _project_directory(project_dir)
        document = _read_mapping(directory / PROJECT_FILE)
        name = document.get("name")
        if not isinstance(name, str):
            raise ConfigError(f"{directory / PROJECT_FILE} has no `name`")
        profile = render(document.get("profile") or name, file=PROJECT_FILE, key="profile")
        _expect(profile, str, PROJECT_FILE, "profile")
        folder = _profiles_directory(profiles_dir, directory)
        outputs, default = _outputs(folder / PROFILES_FILE, profile)
        chosen = target or os.environ.get("DBT_TARGET") or render(default, file=PROFILES_FILE, key="target")
        _expect(chosen, str, PROFILES_FILE, "target")
        if chosen not in outputs:
            raise ConfigError(
                f"target {chosen!r} is not in profile {profile!r} of {folder / PROFILES_FILE}",
                hint=_suggestion(chosen, list(outputs)),
            )
        output = render(outputs[chosen], file=PROFILES_FILE, key=chosen)
        return cls(
            directory=directory,
            name=name,
            variables=_package_variables(
                _expect(document.get("vars") or {}, dict, PROJECT_FILE, "vars"),
            ),
            profiles_dir=folder,
            profile=profile,
            target=chosen,
            engine=_engine(output, chosen),
            output=output,
        )

    @property
    def schema(self) -> str:
        """The target's schema: `S` of the documentation."""
        name = self.output.get("schema") or self.output.get("dataset")
        if not isinstance(name, str):
            raise ConfigError(f"target {self.target!r} in {PROFILES_FILE} has no `schema`")
        return name


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """A dbt project without its warehouse: for work on its files that needs no profile.

    Attributes:
        directory: folder of dbt_project.yml, absolute.
        name: the project's name.
    """

    directory: Path
    name: str

    @classmethod
    def find(cls, project_dir: Path | None = None) -> ProjectFolder:
        """Find the project as `Project.find` does.

        Raises:
            ConfigError: there is no project, or it has no name.
        """
        directory = _project_directory(project_dir)
        name = _read_mapping(directory / PROJECT_FILE).get("name")
        if not isinstance(name, str):
            raise ConfigError(f"{directory / PROJECT_FILE} has no `name`")
        return cls(directory, name)


def target_folder(directory: Path) -> Path:
    """Where dbt keeps what it makes of the project in a folder."""
    return directory / os.environ.get("DBT_TARGET_PATH", "target")


def _project_directory(given: Path | None) -> Path:
    named = given or (Path(os.environ["DBT_PROJECT_DIR"]) if os.environ.get("DBT_PROJECT_DIR") else None)
    if named is not None:
        directory = named.expanduser().resolve()
        if (directory / PROJECT_FILE).is_file():
            return directory
        raise ConfigError(
            f"no {PROJECT_FILE} in {directory}", hint="give --project-dir the folder that has it"
        )
    here = Path.cwd()
    for directory in (here, *here.parents):
        if (directory / PROJECT_FILE).is_file():
            return directory
    raise ConfigError(
        f"no {PROJECT_FILE} in {here} or above",
        hint="go to your dbt project, give --project-dir, or start one with `segmentloom-sync init`",
    )


def _profiles_directory(given: Path | None, project: Path) -> Path:
    named = given or (Path(os.environ["DBT_PROFILES_DIR"]) if os.environ.get("DBT_PROFILES_DIR") else None)
    candidates = [named] if named is not None else [Path.cwd(), project, Path.home() / ".dbt"]
    folders = [candidate.expanduser().resolve() for candidate in candidates]
    for folder in folders:
        if (folder / PROFILES_FILE).is_file():
            return folder
    raise ConfigError(
        f"no {PROFILES_FILE} in {', '.join(dict.fromkeys(map(str, folders)))}",
        hint=f"cp profiles.example.yml {PROFILES_FILE}, or give --profiles-dir",
    )


def _outputs(file: Path, profile: str) -> tuple[Mapping[str, Any], str]:
    profiles = _read_mapping(file)
    chosen = profiles.get(profile)
    if not isinstance(chosen, dict):
        names = [name for name in profiles if name != "config"]
        raise ConfigError(f"profile {profile!r} is not in {file}", hint=_suggestion(profile, names))
    outputs = chosen.get("outputs")
    if not isinstance(outputs, dict) or not outputs:
        raise ConfigError(f"profile {profile!r} in {file} has no `outputs`")
    return outputs, chosen.get("target") or "default"


def _engine(output: Any, target: str) -> Engine:
    engines = get_args(Engine)
    kind: Any = output.get("type") if isinstance(output, dict) else None
    if kind not in engines:
        raise ConfigError(
            f"target {target!r} has type {kind!r}, which is not supported",
            hint=f"supported are {', '.join(engines)}",
        )
    engine: Engine = kind
    if not _installed(_CLIENT_MODULES[engine]):
        raise ConfigError(
            f"target {target!r} needs the {engine} packages, which are not installed",
            hint=f'pip install "segmentloom[{engine}]"',
        )
    return engine


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _package_variables(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    """As dbt: what a project sets under the package's name is stronger than what it sets for all."""
    own = declared.get(PACKAGE)
    return {**declared, **(own if isinstance(own, dict) else {})}


def _expect(value: Any, kind: type[str] | type[dict[str, Any]], file: str, key: str) -> Any:
    """The value when it has the right type. A wrong one is not shown: it may be a secret."""
    if not isinstance(value, kind):
        raise ConfigError(
            f"{file}: `{key}` must be {'text' if kind is str else 'a mapping of names to values'}"
        )
    return value


def _read_mapping(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        where = (
            f":{error.problem_mark.line + 1}:{error.problem_mark.column + 1}" if error.problem_mark else ""
        )
        raise ConfigError(f"{file}{where}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError(f"{file}: not valid YAML") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{file} holds no settings")
    return document


def _suggestion(wrong: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(wrong, [str(name) for name in names], n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are: {', '.join(sorted(map(str, names))) or 'none'}"
