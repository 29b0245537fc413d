"""Records the statements that materializations of the package would run on an engine, without one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, Final, cast

import jinja2.utils
from dbt.adapters.base.relation import BaseRelation
from dbt.adapters.bigquery.relation import BigQueryRelation
from dbt.adapters.duckdb.relation import DuckDBRelation
from dbt.adapters.snowflake.relation import SnowflakeRelation

from segmentloom_sync.macros import FOLDERS, MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Engine, Warehouse
from tests.workspace import REPOSITORY

ALL_FOLDERS: Final = (*FOLDERS, "conditions", "incremental", "publish")
"""Has to stand for `segmentloom_sync.macros.FOLDERS` while statements are recorded."""
RELATIONS: Final[Mapping[Engine, type[BaseRelation]]] = {
    "duckdb": DuckDBRelation,
    "bigquery": BigQueryRelation,
    "snowflake": SnowflakeRelation,
}
AS_OF: Final = "2026-06-01T12:30:00.000000"


class RecordedStatements(MacroRenderer):
    """The statements of macros that ask a warehouse on their way, which answers what it is told to.

    Args:
        engine: whose SQL to render.
        model: which of the package's models is built.
        definitions: those of the audiences of the project, by name.
        answer: the rows of a query.

    Attributes:
        statements: what was run so far, in its order; a transaction is one of them.
    """

    def __init__(
        self,
        engine: Engine,
        model: str,
        definitions: Mapping[str, Mapping[str, Any]],
        answer: Callable[[str], list[tuple[Any, ...]]],
    ) -> None:
        self.statements: list[str] = []
        self._model, self._definitions, self._answer = model, definitions, answer
        warehouse = SimpleNamespace(engine=engine, schema="segmentloom", relation=self.relation)
        self._relation = RELATIONS[engine]
        project = SimpleNamespace(directory=REPOSITORY, name="segmentloom", variables={}, target="dev")
        super().__init__(
            cast(Project, project), cast(Warehouse, warehouse), variables={"segmentloom_as_of": AS_OF}
        )

    def relation(self, name: str) -> Any:
        """A relation as long as those that users have."""
        return self._relation.create(database="my-company-project", schema="segmentloom", identifier=name)

    def call(self, macro: str, /, *arguments: Any, **keywords: Any) -> Any:
        """What a macro returns."""
        return self._named(macro)(*arguments, **keywords)

    @staticmethod
    def scratch() -> Any:
        """An account of scratch tables, without any."""
        return jinja2.utils.Namespace(relations={}, statements=0)

    def _ref(self, *names: str) -> Any:
        return self.relation(names[-1].removeprefix("segmentloom__"))

    def _run(self, sql: str) -> Any:
        self.statements.append(sql)
        return SimpleNamespace(rows=self._answer(sql), columns=[])

    def _statement(self, *_names: str, caller: Callable[[], str], **_options: Any) -> str:
        self.statements.append(caller())
        return ""

    def _context(self, project: Project) -> dict[str, Any]:
        context = super()._context(project)
        context["adapter"].drop_relation = _nothing
        context["dbt"].type_int = lambda: context["dbt"].type_bigint()
        return {
            **context,
            "api": SimpleNamespace(Relation=self._relation),
            "execute": True,
            "flags": SimpleNamespace(WHICH="build", FULL_REFRESH=False),
            "fromjson": json.loads,
            "graph": SimpleNamespace(nodes=self._nodes()),
            "invocation_id": "0123456789abcdef",
            "load_cached_relation": _nothing,
            "load_relation": _nothing,
            "local_md5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
            "model": SimpleNamespace(name=self._model, resource_type="model"),
            "ref": self._ref,
            "run_query": self._run,
            "selected_resources": [],
            "statement": self._statement,
            "store_raw_result": _nothing,
            "this": self.relation(self._model),
        }

    def _nodes(self) -> dict[str, Any]:
        def node(meta: Mapping[str, Any]) -> Any:
            config = SimpleNamespace(meta=meta)
            return SimpleNamespace(
                resource_type="model", database="my-company-project", schema="segmentloom", config=config
            )

        rules: Iterable[tuple[str, Any]] = self._definitions.items()
        audiences = {f"audience_{name}": node({"segmentloom_rule": rule}) for name, rule in rules}
        return {"model.segmentloom.segmentloom__events": node({}), **audiences}


def _nothing(*_arguments: Any, **_keywords: Any) -> None:
    return None
