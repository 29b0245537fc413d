"""segmentloom.yml: which destinations there are.

Secrets are written as `${VARIABLE}` and come from the environment, when the destination is used; so previews
and status need none. Everything wrong is reported at once, with file, line and column.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import ValidationError

from segmentloom_sync.audiences.problems import Position, Problem, suggestion
from segmentloom_sync.audiences.reader import Document, read
from segmentloom_sync.destinations.base import Clock, Destination
from segmentloom_sync.destinations.registry import destination_type, destination_types
from segmentloom_sync.destinations.settings import DestinationSettings, phone_region
from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.settings_messages import settings_problems

FILE = "segmentloom.yml"
KEYS = ("destinations", "encryption")
PHONE_REGION = "default_phone_region"
ENCRYPTION = ("required", "preferred", "off")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VARIABLE = re.compile(r"\$\{([^}]*)\}")

Encryption = Literal["required", "preferred", "off"]


@dataclass(frozen=True, slots=True)
class ConfiguredDestination:
    """A destination ready to use, with its settings. Holds secrets: never print it."""

    name: str
    destination: Destination
    settings: DestinationSettings = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """A read segmentloom.yml; each destination's block is checked when it is asked for."""

    path: str
    encryption: Encryption
    _document: Document = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The destinations' names, in file order."""
        return tuple(self._blocks)

    def type_of(self, name: str) -> str:
        """The platform of a destination, as the file says it."""
        return str(self._blocks[name].get("type"))

    def plain(self, name: str, key: str) -> Any:
        """One value of a destination's block as it is written, without the environment."""
        return self._blocks[name].get(key)

    def default_phone_region(self) -> str | None:
        """The country of phone numbers without a country code, as the destinations name it; None: none does.

        Raises:
            DefinitionError: one is no country, or two are named, where an event is landed with one number.
        """
        problems: list[Problem] = []
        regions: dict[str, str] = {}
        for name, block in self._blocks.items():
            if block.get(PHONE_REGION) is None:
                continue
            steps = ("destinations", name, PHONE_REGION)
            region, wrong = _expand(block[PHONE_REGION], steps, self._document, self.path)
            if not wrong:
                wrong = self._region_problems(region, steps, regions)
                regions.setdefault(str(region), name)
            problems += wrong
        if problems:
            raise DefinitionError([str(problem) for problem in sorted(problems)])
        return next(iter(regions), None)

    def _region_problems(
        self, region: Any, steps: tuple[str, ...], others: Mapping[str, str]
    ) -> list[Problem]:
        place = self._document.position(steps)
        try:
            phone_region(region)
        except ValueError as error:
            return [Problem(self.path, place, f"{PHONE_REGION} {error}")]
        for other, destination in others.items():
            if other != region:
                message = f"{PHONE_REGION} is {region} here and {other} at {destination}; name one for all"
                return [Problem(self.path, place, message)]
        return []

    def destinations(self, names: Iterable[str], *, clock: Clock) -> dict[str, ConfiguredDestination]:
        """Make these destinations.

        Raises:
            DefinitionError: a block is wrong, or a variable that it names is not set; lists every problem.
            ConfigError: the file has no destination of that name.
        """
        problems: list[Problem] = []
        checked: dict[str, DestinationSettings] = {}
        for name in dict.fromkeys(names):
            if name not in self._blocks:
                raise ConfigError(
                    f"{self.path} has no destination '{name}'",
                    hint=suggestion(name, self._blocks, kind="destinations"),
                )
            settings, wrong = self._check(name)
            problems += wrong
            if settings is not None:
                checked[name] = settings
        if problems:
            raise DefinitionError([str(problem) for problem in sorted(problems)])
        return {
            name: ConfiguredDestination(
                name, destination_type(settings.type)(settings, clock=clock), settings
            )
            for name, settings in checked.items()
        }

    def _check(self, name: str) -> tuple[DestinationSettings | None, list[Problem]]:
        steps = ("destinations", name)
        block, problems = _expand(self._blocks[name], steps, self._document, self.path)
        kind = destination_type(str(self._blocks[name]["type"]))
        if problems:
            return None, problems
        try:
            return cast(DestinationSettings, kind.Settings.model_validate(block)), []
        except ValidationError as error:
            return None, settings_problems(error, kind.Settings, self._document, steps, self.path)

    @property
    def _blocks(self) -> Mapping[str, dict[str, Any]]:
        blocks: Mapping[str, dict[str, Any]] = self._document.data.get("destinations") or {}
        return blocks


def load_settings(directory: Path, file: Path | None = None) -> Settings:
    """Read segmentloom.yml.

    Args:
        directory: the project's folder, where the file is by default.
        file: another file.

    Raises:
        ConfigError: the file is missing.
        DefinitionError: it cannot be read, or names an unknown key or type; lists every problem.
    """
    path = file or directory / FILE
    label = str(file) if file else FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{path} not found", hint="let `segmentloom-sync init` write one, or give --config"
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {(error.strerror or 'error').lower()}") from None
    document, problems = read(content, label, kind=FILE)
    if document is not None:
        problems = _structure(document, label)
    if document is None or problems:
        raise DefinitionError([str(problem) for problem in sorted(problems)])
    return Settings(label, document.data.get("encryption", "off"), document)


def _structure(document: Document, label: str) -> list[Problem]:
    """What is wrong with the file as a whole and with the types of its destinations."""
    data = document.data
    if not isinstance(data, dict):
        return [Problem(label, Position(1, 1), "must be a mapping of keys, such as destinations:")]
    problems = [
        Problem(
            label,
            document.position((key,), of_key=True),
            f"unknown key '{key}'; {suggestion(key, KEYS, kind='known keys')}",
        )
        for key in data
        if key not in KEYS
    ]
    if data.get("encryption", "off") not in ENCRYPTION:
        place = document.position(("encryption",))
        problems.append(Problem(label, place, f"encryption must be {', '.join(ENCRYPTION)}"))
    blocks = data.get("destinations")
    if blocks is None and "destinations" not in data:
        return problems
    if not isinstance(blocks, dict):
        place = document.position(("destinations",))
        return [*problems, Problem(label, place, "destinations must be a mapping of names")]
    for name, block in blocks.items():
        problems += _block_problems(name, block, document, label)
    return problems


def _block_problems(name: str, block: Any, document: Document, label: str) -> list[Problem]:
    steps = ("destinations", name)
    if not _NAME.fullmatch(name):
        message = f"'{name}' must be a name of lower-case letters, digits and _, such as google_ads"
        return [Problem(label, document.position(steps, of_key=True), message)]
    if not isinstance(block, dict):
        return [Problem(label, document.position(steps), "must be a mapping of keys, such as type:")]
    known = destination_types()
    if "type" not in block:
        message = f"the key 'type' is missing; one of {', '.join(sorted(known))}"
        return [Problem(label, document.position(steps, of_key=True), message)]
    if not isinstance(block["type"], str):
        return [Problem(label, document.position((*steps, "type")), "type must be text")]
    if block["type"] not in known:
        message = f"unknown type '{block['type']}'; {suggestion(str(block['type']), known, kind='types')}"
        return [Problem(label, document.position((*steps, "type")), message)]
    return []


def _expand(
    value: Any, steps: tuple[str | int, ...], document: Document, label: str
) -> tuple[Any, list[Problem]]:
    """Fill in `${VARIABLE}` in a value and all it holds."""
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        done = [(key, *_expand(entry, (*steps, key), document, label)) for key, entry in entries]
        problems = [problem for _, _, wrong in done for problem in wrong]
        filled = {key: entry for key, entry, _ in done}
        return (filled if isinstance(value, dict) else list(filled.values())), problems
    if not isinstance(value, str):
        return value, []
    names = _VARIABLE.findall(value)
    problems = [
        Problem(
            label,
            document.position(steps),
            f"needs the environment variable {name}, which is not set"
            if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name)
            else f"${{{name}}} is no name of an environment variable",
        )
        for name in names
        if name not in os.environ
    ]
    if problems:
        return value, problems
    return _VARIABLE.sub(lambda match: os.environ[match[1]], value), []
