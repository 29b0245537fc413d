"""Renders the macros of audiences for one moment; other audiences are as their files say, built or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.warehouse.base import Statement, Warehouse

if TYPE_CHECKING:
    from segmentloom_sync.project import Project

NEEDED = ("profiles", "int_segmentloom__profile_events")


class Evaluation:
    """SQL of audiences of one project in its warehouse.

    Args:
        project: gives the macros.
        warehouse: an open connection.
        audiences: by name, for audiences that use others: those are counted from their files as they are now.
        as_of: the end of all windows.
        relation: SQL that stands for a model instead of its relation, for looking at a part of it.

    Raises:
        ConfigError: the warehouse does not have the events and profiles yet.
    """

    def __init__(
        self,
        project: Project,
        warehouse: Warehouse,
        audiences: Mapping[str, Audience],
        as_of: datetime,
        *,
        relation: Callable[[str], str | None] = lambda _model: None,
    ) -> None:
        missing = [name for name in NEEDED if not warehouse.exists(name)]
        if missing:
            raise ConfigError(
                f"the schema {warehouse.schema} has no {' and no '.join(missing)} yet",
                hint="build them with `dbt build`",
            )
        self._audiences = audiences
        self._relation = relation
        self._macros = MacroRenderer(
            project,
            warehouse,
            variables={"segmentloom_as_of": iso(as_of)},
            references=self._reference,
        )

    def render(self, macro: str, /, *arguments: Any) -> str:
        """The SQL of a macro."""
        return self._macros.render(macro, *arguments)

    def members(self, audience: Audience) -> Statement:
        """A query of the profile ids in an audience."""
        return Statement(self.render("audience_members", audience.definition))

    def _reference(self, model: str) -> str | None:
        """Another audience as a subquery, so that it need not have been built."""
        name = model.removeprefix("audience_")
        if name == model:
            return self._relation(model)
        if name not in self._audiences:
            raise ConfigError(f"the audience {name} is not there or its file is wrong")
        return f"(\n{self.render('audience_members', self._audiences[name].definition)}\n)"


def iso(moment: datetime) -> str:
    """A time as text, UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
