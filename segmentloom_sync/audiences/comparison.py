"""A value compared with what a condition asks for: of a trait, of a property, of many properties together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from segmentloom_sync.audiences.values import (
    Amount,
    Amounts,
    Bound,
    Bounds,
    Flag,
    Number,
    Part,
    Path,
    Scalar,
    Scalars,
    wrong,
)

OPERATORS = (
    "is",
    "is_not",
    "in",
    "not_in",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "contains",
    "starts_with",
    "exists",
)  # fmt: skip


class Strict(BaseModel):
    """Nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Compared(Strict):
    """A value compared by exactly one of the operators that are fields of the class."""

    @model_validator(mode="after")
    def _has_one_operator(self) -> Compared:
        used = self.operators
        if len(used) > 1:
            raise wrong(f"has {len(used)} operators ({', '.join(used)}); write one condition for each")
        if not used:
            raise wrong(f"needs an operator, one of: {', '.join(operators_of(type(self)))}")
        return self

    @property
    def operators(self) -> list[str]:
        """The operators that the file names."""
        return [name for name in OPERATORS if _field(name) in self.model_fields_set]

    def comparison(self) -> dict[str, Any]:
        """The operator and its value for the macro."""
        (operator,) = self.operators
        value = getattr(self, _field(operator))
        if operator == "between":
            return {operator: [_bound(end) for end in value]}
        return {operator: _bound(value)}


class Comparison(Compared):
    """A value compared by exactly one operator.

    For a missing value only is_not, not_in and exists: false hold.
    """

    is_: Scalar = Field(None, alias="is", description="Equals, as text, number or true/false.")
    is_not: Scalar = Field(None, description="The exact opposite of is: true for a missing value too.")
    in_: Scalars = Field(None, alias="in", description="Equals one of these.")
    not_in: Scalars = Field(None, description="The exact opposite of in.")
    gt: Bound = Field(None, description="Greater than a number, or later than an unquoted date.")
    gte: Bound = Field(None, description="Greater than or equal.")
    lt: Bound = Field(None, description="Less than a number, or earlier than an unquoted date.")
    lte: Bound = Field(None, description="Less than or equal.")
    between: Bounds = Field(None, description="Two values, both included.")
    contains: Part = Field(None, description="Holds this text; upper and lower case differ.")
    starts_with: Part = Field(None, description="Begins with this text; upper and lower case differ.")
    exists: Flag = Field(None, description="true: there is a value (empty text is one, null is none).")


class PropertyTest(Comparison):
    """A property of the event compared with a value."""

    property: Path = Field(description="The property; dots reach into objects, or a list of keys.")

    def expression(self) -> dict[str, Any]:
        """As the macro takes it."""
        return {"property": list(self.property), **self.comparison()}


class Total(Compared):
    """The sum or the average of a property's numbers, compared by exactly one operator.

    Where there is no number at all, only is_not holds.
    """

    property: Path = Field(description="The property; dots reach into objects, or a list of keys.")
    is_: Amount = Field(None, alias="is", description="Equals this number.")
    is_not: Amount = Field(None, description="The exact opposite of is: true without any number too.")
    gt: Amount = Field(None, description="Greater than a number.")
    gte: Amount = Field(None, description="Greater than or equal.")
    lt: Amount = Field(None, description="Less than a number.")
    lte: Amount = Field(None, description="Less than or equal.")
    between: Amounts = Field(None, description="Two numbers, both included.")


class Extreme(Compared):
    """The least or the greatest of a property's numbers (or times), compared by exactly one operator.

    Where there is none at all, only is_not holds.
    """

    property: Path = Field(description="The property; dots reach into objects, or a list of keys.")
    is_: Number = Field(None, alias="is", description="Equals this number.")
    is_not: Number = Field(None, description="The exact opposite of is: true without any number too.")
    gt: Bound = Field(None, description="Greater than a number, or later than an unquoted date.")
    gte: Bound = Field(None, description="Greater than or equal.")
    lt: Bound = Field(None, description="Less than a number, or earlier than an unquoted date.")
    lte: Bound = Field(None, description="Less than or equal.")
    between: Bounds = Field(None, description="Two values, both included.")


def operators_of(model: type[BaseModel]) -> list[str]:
    """The operators that a model takes."""
    return [name for name in OPERATORS if _field(name) in model.model_fields]


def _field(key: str) -> str:
    return f"{key}_" if key in {"is", "in"} else key


def _bound(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"timestamp": value.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    return value
