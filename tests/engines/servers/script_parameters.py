"""Query parameters in scripts: bqemulator 1.4.0 leaves them out, so they become variables of the script."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import sqlglot
from bqemulator.jobs import executor
from bqemulator.scripting import interpreter
from bqemulator.scripting.frames import FrameStack
from bqemulator.sql.parameters import _extract_value
from sqlglot import exp

Parameters = Sequence[dict[str, Any]]

_of_this_script: ContextVar[Parameters] = ContextVar("query parameters", default=())
_run_as_shipped = executor._run_query_body
_start_as_shipped = interpreter.ScriptInterpreter.__init__
_rewrite_as_shipped = interpreter._rewrite_vars_to_params


def allow_parameters_in_scripts() -> None:
    """Make the emulator bind `@name` in scripts as the service does."""
    executor._run_query_body = _run
    interpreter.ScriptInterpreter.__init__ = _start
    interpreter._rewrite_vars_to_params = _rewrite


async def _run(*, query_params: Parameters | None, **rest: Any) -> Any:
    token = _of_this_script.set(query_params or ())
    try:
        return await _run_as_shipped(query_params=query_params, **rest)
    finally:
        _of_this_script.reset(token)


def _start(self: interpreter.ScriptInterpreter, *arguments: Any, **options: Any) -> None:
    _start_as_shipped(self, *arguments, **options)
    for parameter in _of_this_script.get():
        kind = parameter["parameterType"]["type"]
        self._frames.declare(parameter["name"], kind, _extract_value(parameter))


def _rewrite(sql: str, frames: FrameStack) -> tuple[str, list[Any]]:
    names = {parameter["name"] for parameter in _of_this_script.get()}
    if names:
        statement = sqlglot.parse_one(sql, read="bigquery")
        for found in list(statement.find_all(exp.Parameter)):
            if found.name in names:
                found.replace(exp.column(found.name))
        sql = statement.sql(dialect="bigquery")
    rewritten: tuple[str, list[Any]] = _rewrite_as_shipped(sql, frames)
    return rewritten
