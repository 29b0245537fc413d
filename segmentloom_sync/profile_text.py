"""Fills environment variables into the values of profiles.yml, as dbt's own Jinja does."""

from __future__ import annotations

import ast
import os
import re
from typing import Any

from segmentloom_sync.errors import ConfigError

_ONE_EXPRESSION = re.compile(r"\s*\{\{(?P<expression>(?:(?!\}\}).)*)\}\}\s*", re.DOTALL)


def render(value: Any, *, file: str, key: str) -> Any:
    """Fill `env_var(...)` and filters into a value and all it holds.

    A value that is one expression keeps its type (`| as_number`, `| as_bool`, `| int`), as in dbt.

    Args:
        value: text, or nested lists and mappings of it; anything else is returned as it is.
        file: named in errors.
        key: where in the file the value stands, named in errors; the value itself may be a secret.

    Raises:
        ConfigError: an environment variable without a default is not set, or the expression is wrong.
    """
    if isinstance(value, dict):
        return {name: render(entry, file=file, key=f"{key}.{name}") for name, entry in value.items()}
    if isinstance(value, list):
        return [render(entry, file=file, key=key) for entry in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    return _render_text(value, file, key)


def _render_text(text: str, file: str, key: str) -> Any:
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    environment.globals["env_var"] = lambda name, default=None: _environment_variable(name, default, file)
    environment.filters["as_number"] = _as_number
    environment.filters["as_bool"] = _as_bool
    environment.filters["as_native"] = _as_native
    environment.filters["as_text"] = str
    try:
        single = _ONE_EXPRESSION.fullmatch(text)
        if single is not None:
            filled = environment.compile_expression(single["expression"], undefined_to_none=False)()
            if isinstance(filled, jinja2.Undefined):
                raise jinja2.UndefinedError
            return filled
        return environment.from_string(text).render()
    except jinja2.TemplateError:
        # Jinja's own message repeats parts of the text.
        raise ConfigError(
            f"{file}: cannot read the value of {key!r}",
            hint="in {{ }}, use env_var() and filters such as as_number and as_bool",
        ) from None
    except (ValueError, SyntaxError):
        raise ConfigError(f"{file}: the value of {key!r} has the wrong type") from None


def _environment_variable(name: str, default: Any, file: str) -> Any:
    value = os.environ.get(name)
    if value is not None:
        return value
    if default is None:
        raise ConfigError(
            f"{file} needs the environment variable {name}, which is not set", hint=f"export {name}=..."
        )
    return default


def _as_number(value: Any) -> int | float:
    text = str(value).strip()
    try:
        return int(text)
    except ValueError:
        return float(text)


def _as_bool(value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in {"true", "false"}:
        raise ValueError("not a boolean")
    return text == "true"


def _as_native(value: Any) -> Any:
    try:
        return ast.literal_eval(str(value))
    except (ValueError, SyntaxError):
        return value
