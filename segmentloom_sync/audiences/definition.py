"""The grammar of audience files, as models; `expression()` is a condition as the dbt macro takes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from segmentloom_sync.audiences.values import (
    Bound,
    Bounds,
    Count,
    Flag,
    Members,
    Part,
    Path,
    Scalar,
    Scalars,
    Share,
    Text,
    User,
    Window,
    wrong,
)

NAME_PATTERN = "^[a-z][a-z0-9_]*$"
KINDS = ("event", "trait", "audience", "all", "any", "not")
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

Steps = tuple[str | int, ...]


class Strict(BaseModel):
    """Nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Comparison(Strict):
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

    @model_validator(mode="after")
    def _has_one_operator(self) -> Comparison:
        used = self.operators
        if len(used) > 1:
            raise wrong(f"has {len(used)} operators ({', '.join(used)}); write one condition for each")
        if not used:
            raise wrong(f"needs an operator, one of: {', '.join(OPERATORS)}")
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


class PropertyTest(Comparison):
    """A property of the event compared with a value."""

    property: Path = Field(description="The property; dots reach into objects, or a list of keys.")

    def expression(self) -> dict[str, Any]:
        """As the macro takes it."""
        return {"property": list(self.property), **self.comparison()}


class EventCondition(Strict):
    """Profiles that did something so many times."""

    event: Text = Field(description="The event's name, exactly as tracked.")
    count: Count = Field((">=", 1), description='How often, e.g. ">= 2"; "= 0" is never. Default ">= 1".')
    within: Window = Field(None, description="Only the last so many hours or days, e.g. 7 days.")
    where: list[PropertyTest] = Field(
        default_factory=list, min_length=1, description="What must hold of one and the same event."
    )

    def expression(self) -> dict[str, Any]:
        """As the macro takes it."""
        result: dict[str, Any] = {
            "event": self.event,
            "count": {"operator": self.count[0], "number": self.count[1]},
        }
        if self.within is not None:
            result["within_hours"] = self.within
        if self.where:
            result["where"] = [test.expression() for test in self.where]
        return result

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Condition]]:
        """Itself."""
        yield steps, self


class TraitCondition(Comparison):
    """Profiles with a trait."""

    trait: Path = Field(description="The trait; dots reach into objects, or a list of keys.")

    def expression(self) -> dict[str, Any]:
        """As the macro takes it."""
        return {"trait": list(self.trait), **self.comparison()}

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Condition]]:
        """Itself."""
        yield steps, self


class AudienceCondition(Strict):
    """Profiles in another audience."""

    audience: str = Field(pattern=NAME_PATTERN, description="The other audience's name.")

    def expression(self) -> dict[str, Any]:
        """As the macro takes it."""
        return {"audience": self.audience}

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Condition]]:
        """Itself."""
        yield steps, self


class AllOf(Strict):
    """Profiles for which every condition holds."""

    all: list[Condition] = Field(min_length=1, description="All of these hold.")

    def expression(self) -> dict[str, Any]:
        """As the macro takes it."""
        return {"all": [member.expression() for member in self.all]}

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Condition]]:
        """The leaf conditions below, with the steps that lead to each."""
        for index, member in enumerate(self.all):
            yield from member.leaves((*steps, "all", index))


class AnyOf(Strict):
    """Profiles for which at least one condition holds."""

    any: list[Condition] = Field(min_length=1, description="At least one of these holds.")

    def expression(self) -> dict[str, Any]:
        """As the macro takes it."""
        return {"any": [member.expression() for member in self.any]}

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Condition]]:
        """The leaf conditions below, with the steps that lead to each."""
        for index, member in enumerate(self.any):
            yield from member.leaves((*steps, "any", index))


class Not(Strict):
    """Profiles for which a condition does not hold."""

    not_: Condition = Field(alias="not", description="This does not hold.")

    def expression(self) -> dict[str, Any]:
        """As the macro takes it."""
        return {"not": self.not_.expression()}

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Condition]]:
        """The leaf conditions below, with the steps that lead to each."""
        yield from self.not_.leaves((*steps, "not"))


def kind_of(value: object) -> str | None:
    """The tag of a condition. Tags carry brackets, so that they never look like a key of the file."""
    if isinstance(value, BaseModel):
        return f"<{_KIND_OF_MODEL[type(value)]}>"
    keys = value if isinstance(value, dict) else {}
    return next((f"<{kind}>" for kind in KINDS if kind in keys), None)


Condition = Annotated[
    Annotated[EventCondition, Tag("<event>")]
    | Annotated[TraitCondition, Tag("<trait>")]
    | Annotated[AudienceCondition, Tag("<audience>")]
    | Annotated[AllOf, Tag("<all>")]
    | Annotated[AnyOf, Tag("<any>")]
    | Annotated[Not, Tag("<not>")],
    Discriminator(kind_of, custom_error_type="condition", custom_error_message="is no condition"),
]

MODEL_OF_KIND: dict[str, type[Strict]] = {
    "event": EventCondition,
    "trait": TraitCondition,
    "audience": AudienceCondition,
    "all": AllOf,
    "any": AnyOf,
    "not": Not,
}
_KIND_OF_MODEL: dict[type, str] = {model: kind for kind, model in MODEL_OF_KIND.items()}


class SyncSpec(Strict):
    """One list at one destination that the audience fills."""

    destination: str = Field(pattern=NAME_PATTERN, description="A destination of segmentloom.yml.")
    list_name: Text = Field(alias="list", description="The list's name at the platform; made when missing.")
    identifiers: list[Literal["email", "phone"]] = Field(
        default=["email"],
        min_length=1,
        description="What is sent of a person, hashed. Default: e-mail only.",
    )


class Guard(Strict):
    """When a shrunken audience is held back."""

    max_removal_percent: int = Field(30, ge=0, le=100, description="Hold when more of the list would go.")


class Tests(Strict):
    """What must hold of the members, or the last good members stay."""

    min_members: Members = Field(None, description="At least so many members.")
    max_members: Members = Field(None, description="At most so many members.")
    max_change_percent: Share = Field(
        None, description="Of the members last published, at most so many per cent leave, and so many enter."
    )
    includes: list[User] = Field(default_factory=list, min_length=1, description='Members: "user_id:u_1".')
    excludes: list[User] = Field(default_factory=list, min_length=1, description="Who is no member.")
    disjoint_from: list[Annotated[str, Field(pattern=NAME_PATTERN)]] = Field(
        default_factory=list, min_length=1, description="Audiences that share no member with this one."
    )


class AudienceFile(Strict):
    """An audience: who belongs to it, and where it goes."""

    description: Part = Field(None, description="Who these people are, for people.")
    cadence: Literal["hourly", "daily"] = Field("daily", description="How often it is evaluated and synced.")
    match: Condition = Field(description="Who belongs: one condition, or a group: all, any, not.")
    sync: list[SyncSpec] = Field(default_factory=list, description="The lists that it fills.")
    guard: Guard = Field(default_factory=Guard, description="When a change is held for a person to release.")
    tests: Tests = Field(default_factory=Tests, description="What must hold before it is used.")


for _model in (AllOf, AnyOf, Not, AudienceFile):
    _model.model_rebuild()


def _field(key: str) -> str:
    return f"{key}_" if key in {"is", "in"} else key


def _bound(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"timestamp": value.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    return value
