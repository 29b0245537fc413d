"""Renders the dbt package's pure-text macros without starting dbt: for previews and for single expressions.

The macro files are the same ones that dbt reads; only the little of dbt's context that they use is provided
here: `adapter.dispatch`, `return`, `ref`, `var`, `target`, `exceptions`, `modules`, `run_started_at` and
`dbt.type_*`.
"""

from __future__ import annotations

import datetime as datetime_module
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

import jinja2
import pytz
import yaml
from jinja2.runtime import Macro

from segmentloom_sync.errors import ConfigError, SegmentloomError
from segmentloom_sync.macro_code import MacroCode
from segmentloom_sync.project import target_folder
from segmentloom_sync.warehouse.dbt_types import DBT_TYPES

if TYPE_CHECKING:
    from segmentloom_sync.project import Project
    from segmentloom_sync.warehouse.base import Warehouse

PACKAGE = "segmentloom"
FOLDERS = ("cross_db", "audience", "phones", "destinations", "sources", "identity")
"""Folders under macros/; what reads sources needs more of dbt than there is here, see `names`."""
_MACRO = re.compile(r"{%-?\s*macro\s+(\w+)\s*\(")


class MacroRenderer:
    """Renders macros of the package for one project and warehouse.

    Args:
        project: whose package and dbt vars are used.
        warehouse: gives the engine and the names of relations.
        variables: dbt vars of this rendering; stronger than the project's.
        references: SQL that stands for `ref(name)` instead of the relation's name.
        names: further names of dbt's context, or others for those that there are.

    Raises:
        ConfigError: the package is not installed in the project.
    """

    def __init__(
        self,
        project: Project,
        warehouse: Warehouse,
        *,
        variables: Mapping[str, Any] | None = None,
        references: Callable[[str], str | None] | None = None,
        names: Mapping[str, Any] | None = None,
    ) -> None:
        self._warehouse = warehouse
        self._variables = {**project.variables, **(variables or {})}
        self._references = references or (lambda _name: None)
        self._macros: dict[str, Callable[..., Any]] = {}
        self._texts = _texts_by_macro(macro_folder(project.directory))
        self._code = MacroCode(_environment(), target_folder(project.directory))
        self._globals = _environment().make_globals({**self._context(project), **(names or {})})

    def render(self, macro: str, /, *arguments: Any, **keywords: Any) -> str:
        """What a macro yields for these arguments, as text.

        Raises:
            ConfigError: there is no such macro, or it refuses its arguments.
        """
        return str(self._named(macro)(*arguments, **keywords)).strip()

    def names(self, pattern: str) -> list[str]:
        """The macros whose names match a shell pattern, sorted."""
        return sorted(name for name in self._texts if fnmatchcase(name, pattern))

    def _named(self, name: str) -> Callable[..., Any]:
        if name not in self._texts:
            raise ConfigError(
                f"the dbt package has no macro {name!r}",
                hint="install the dbt package in the version of segmentloom-sync: `dbt deps`",
            )
        if name not in self._macros:
            code = self._code.of(self._texts[name])
            template = jinja2.Template.from_code(_environment(), code, self._globals)
            for other, value in vars(template.module).items():
                if isinstance(value, Macro):
                    self._macros[other] = partial(_call, value)
        return self._macros[name]

    def _context(self, project: Project) -> dict[str, Any]:
        engine = self._warehouse.engine
        types = {f"type_{name}": partial(str, text) for name, text in DBT_TYPES[engine].items()}
        return {
            PACKAGE: _Package(self._named),
            "adapter": SimpleNamespace(dispatch=self._dispatch),
            "dbt": SimpleNamespace(**types),
            "exceptions": SimpleNamespace(raise_compiler_error=_refuse),
            "modules": SimpleNamespace(datetime=datetime_module, pytz=pytz, re=re),
            "project_name": project.name,
            "ref": self._ref,
            "return": _return,
            "run_started_at": datetime.now(UTC),
            "target": SimpleNamespace(type=engine, name=project.target, schema=self._warehouse.schema),
            "tojson": json.dumps,
            "var": self._var,
        }

    def _dispatch(self, name: str, _package: str | None = None) -> Callable[..., Any]:
        own = f"{self._warehouse.engine}__{name}"
        return self._named(own if own in self._texts else f"default__{name}")

    def _ref(self, *names: str) -> str:
        model = names[-1]
        return self._references(model) or self._warehouse.relation(model.removeprefix(f"{PACKAGE}__"))

    def _var(self, name: str, default: Any = None) -> Any:
        return self._variables.get(name, default)


def macro_folder(project: Path) -> Path:
    """The macros folder of the segmentloom package that a dbt project uses.

    It is the project's own when the project is the package, else that of the installed package, else that of
    a `local:` package which `dbt deps` has not linked yet.

    Raises:
        ConfigError: the project does not have the package.
    """
    for folder in (project, *_installed(project), *_local_packages(project)):
        if _project_name(folder) == PACKAGE:
            return folder / "macros"
    raise ConfigError(
        f"the dbt project in {project} does not have the segmentloom package",
        hint="add it to packages.yml and run `dbt deps`",
    )


def _texts_by_macro(folder: Path) -> dict[str, str]:
    """The text of the file that has each macro: compiling takes time, so only what is called is compiled."""
    texts = {}
    for file in sorted(path for name in FOLDERS for path in (folder / name).glob("*.sql")):
        text = file.read_text(encoding="utf-8")
        texts.update(dict.fromkeys(_MACRO.findall(text), text))
    return texts


def _installed(project: Path) -> list[Path]:
    where = _mapping(project / "dbt_project.yml").get("packages-install-path", "dbt_packages")
    return [project / str(where) / PACKAGE]


def _local_packages(project: Path) -> list[Path]:
    packages = _mapping(project / "packages.yml").get("packages") or []
    return [project / entry["local"] for entry in packages if isinstance(entry, dict) and "local" in entry]


def _project_name(folder: Path) -> Any:
    return _mapping(folder / "dbt_project.yml").get("name")


def _mapping(file: Path) -> dict[str, Any]:
    try:
        if not file.is_file():
            return {}
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError(f"{file}: not valid YAML") from None
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {(error.strerror or 'unreadable').lower()}") from None
    return document if isinstance(document, dict) else {}


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(default_for_string=False, default=False),
    )


class _Package:
    """The macros of the package by attribute, as dbt gives them."""

    def __init__(self, named: Callable[[str], Callable[..., Any]]) -> None:
        self._find = named

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self._find(name)


class _Returned(SegmentloomError):
    """Carries the value of `return(...)` out of a macro."""

    def __init__(self, value: Any) -> None:
        super().__init__("return() outside of a macro")
        self.value = value


def _return(value: Any) -> NoReturn:
    raise _Returned(value)


def _call(macro: Macro, *arguments: Any, **keywords: Any) -> Any:
    try:
        return macro(*arguments, **keywords)
    except _Returned as returned:
        return returned.value


def _refuse(message: str) -> NoReturn:
    raise ConfigError(message)
