"""Saved plans: JSON that says how much changes on which lists, and what that was computed from.

No identifier and no hash of one is in it; people are named by a few profile ids.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from segmentloom_sync.audiences.problems import START, Position, Problem
from segmentloom_sync.audiences.reader import read as read_places
from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.private_file import write_whole
from segmentloom_sync.sync.plan_basis import Basis

FORMAT = "segmentloom plan"
FORMAT_VERSION = 1
MAXIMUM_BYTES = 16 * 1024 * 1024
_AGAIN = "make it anew: segmentloom-sync plan --save FILE"


class PlannedList(BaseModel):
    """The change of one list. Counts are as in `runs.RunReport`; samples are profile ids.

    `digest` is equal for equal changes only; see `plan_digest`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    audience: str
    destination: str
    list: str
    adds: int = Field(ge=0)
    removes: int = Field(ge=0)
    members_added: int = Field(ge=0)
    members_removed: int = Field(ge=0)
    status: Literal["ok", "held"]
    sample_added: tuple[str, ...]
    sample_removed: tuple[str, ...]
    computed_from: Basis
    digest: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What a plan may name only once."""
        return self.audience, self.destination, self.list


class Home(BaseModel):
    """Where a plan was made, and so the only place where it can be applied.

    Attributes:
        environment_id: of the warehouse and schema; see `environment.environment_id`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str
    target: str
    place: str
    environment_id: str


class SavedPlan(BaseModel):
    """A plan as it is in its file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["segmentloom plan"] = "segmentloom plan"
    format_version: Literal[1] = 1
    made_at: datetime
    made_with: str
    home: Home
    lists: tuple[PlannedList, ...] = Field(min_length=1)


def write_plan(file: Path, plan: SavedPlan) -> None:
    """Write a plan to a file that only its owner can read; a former one is replaced as a whole.

    Raises:
        ConfigError: the file cannot be written.
    """
    write_whole(file, plan.model_dump_json(indent=2) + "\n")


def read_plan(file: Path) -> SavedPlan:
    """Read a saved plan.

    Raises:
        ConfigError: there is no such file, it is no plan, or a newer version has written it.
        DefinitionError: the file is wrong; says where.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {(error.strerror or 'refused').lower()}") from None
    if len(content) > MAXIMUM_BYTES:
        raise _wrong(file, START, f"is larger than {MAXIMUM_BYTES // 1024**2} MiB")
    data = _parsed(file, content)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ConfigError(f"{file} is not a saved plan", hint=_AGAIN)
    version = data.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ConfigError(
            f"{file} was saved by a newer segmentloom-sync: "
            f"its format is {version}, known is {FORMAT_VERSION}",
            hint="apply it with the version that saved it, or plan again with this one",
        )
    try:
        plan = SavedPlan.model_validate_json(content)
    except ValidationError as error:
        raise DefinitionError(_problems(file, content, error), hint=_AGAIN) from None
    if len({entry.key for entry in plan.lists}) < len(plan.lists):
        raise ConfigError(f"{file} names a list twice", hint=_AGAIN)
    return plan


def _parsed(file: Path, content: bytes) -> Any:
    try:
        return json.loads(content.decode())
    except json.JSONDecodeError as error:
        raise _wrong(
            file, Position(error.lineno, error.colno), f"not valid JSON: {error.msg.lower()}"
        ) from None
    except UnicodeDecodeError:
        raise _wrong(file, START, "is not UTF-8 text") from None
    except (RecursionError, ValueError):  # nested too deep, or a number of thousands of digits
        raise _wrong(file, START, "not valid JSON") from None


def _wrong(file: Path, place: Position, message: str) -> DefinitionError:
    return DefinitionError([str(Problem(str(file), place, message))], hint=_AGAIN)


def _problems(file: Path, content: bytes, error: ValidationError) -> list[str]:
    document, _ = read_places(content, str(file))
    found = []
    for problem in error.errors(include_input=False, include_url=False):
        place = document.position(problem["loc"]) if document else START
        steps = ".".join(map(str, problem["loc"]))
        found.append(Problem(str(file), place, f"{steps}: {problem['msg'].lower()}"))
    return [str(entry) for entry in sorted(found)]
