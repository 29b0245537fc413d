"""The conditions of audience files, as models; `expression()` is a condition as the dbt macros take it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, Field, Tag, model_validator

from segmentloom_sync.audiences.comparison import Comparison, Extreme, PropertyTest, Strict, Total
from segmentloom_sync.audiences.values import (
    Count,
    DayCount,
    Given,
    Occurrence,
    Path,
    SequenceList,
    Text,
    wrong,
)
from segmentloom_sync.audiences.windows import Span, Within, in_zone

NAME_PATTERN = "^[a-z][a-z0-9_]*$"
KINDS = ("event", "sequence", "trait", "audience", "all", "any", "not")
AGGREGATES = ("sum", "min", "max", "avg")
WAYS_TO_COUNT = ("count", "distinct_days", *AGGREGATES, "occurrence")
"""What an event condition may ask of its events, one at most."""
MINIMUM_STEPS, MAXIMUM_STEPS = 2, 5

Steps = tuple[str | int, ...]


class Leaf(Strict):
    """A condition that holds no others."""

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Leaf]]:
        """Itself."""
        yield steps, self


class EventCondition(Leaf):
    """Profiles that did something so many times."""

    event: Text = Field(description="The event's name, exactly as tracked.")
    count: Count = Field((">=", 1), description='How often, e.g. ">= 2"; "= 0" is never. Default ">= 1".')
    distinct_days: DayCount = Field(
        None, description='On how many different calendar days, e.g. ">= 3"; see time_zone.'
    )
    sum: Annotated[Total | None, Given] = Field(None, description="What the numbers of a property add up to.")
    min: Annotated[Extreme | None, Given] = Field(
        None, description="The least number, or the earliest time, of a property."
    )
    max: Annotated[Extreme | None, Given] = Field(
        None, description="The greatest number, or the latest time, of a property."
    )
    avg: Annotated[Total | None, Given] = Field(None, description="The average of the numbers of a property.")
    occurrence: Occurrence = Field(
        None, description="Only the first, or the last, such event ever: does it pass where and within?"
    )
    within: Within = Field(
        None, description="Only the last so many hours, days or calendar days, e.g. 7 days."
    )
    where: list[PropertyTest] = Field(
        default_factory=list, min_length=1, description="What must hold of one and the same event."
    )

    @model_validator(mode="after")
    def _counts_in_one_way(self) -> EventCondition:
        used = [name for name in WAYS_TO_COUNT if name in self.model_fields_set]
        if len(used) > 1:
            raise wrong(f"cannot have {' and '.join(used)} together; write one condition for each")
        return self

    @property
    def aggregate(self) -> tuple[str, Total | Extreme] | None:
        """The function and what its result is compared with."""
        return next(((name, found) for name in AGGREGATES if (found := getattr(self, name))), None)

    def expression(self, zone: str | None = None) -> dict[str, Any]:
        """As the macro takes it, in a time zone."""
        result: dict[str, Any] = {"event": self.event}
        if self.distinct_days is not None:
            result |= {"distinct_days": _threshold(self.distinct_days), **in_zone(zone)}
        elif self.aggregate:
            function, test = self.aggregate
            result["aggregate"] = {
                "function": function,
                "property": list(test.property),
                **test.comparison(),
            }
        elif self.occurrence:
            result["occurrence"] = self.occurrence
        else:
            result["count"] = _threshold(self.count)
        if self.within is not None:
            result |= self.within.expression(zone)
        if self.where:
            result["where"] = [test.expression() for test in self.where]
        return result


class SequenceStep(Strict):
    """One event of a sequence."""

    event: Text = Field(description="The event's name, exactly as tracked.")
    where: list[PropertyTest] = Field(
        default_factory=list, min_length=1, description="What must hold of one and the same event."
    )

    def expression(self) -> dict[str, Any]:
        """As the macro takes it."""
        tests = [test.expression() for test in self.where]
        return {"event": self.event, **({"where": tests} if tests else {})}


class SequenceCondition(Leaf):
    """Profiles that did one thing and then another, each later than the one before."""

    sequence: Annotated[list[SequenceStep], SequenceList] = Field(
        min_length=MINIMUM_STEPS, max_length=MAXIMUM_STEPS, description="Two to five events, in this order."
    )
    within: Within = Field(None, description="All of the events lie in this window, e.g. 30 days.")
    steps_within: Span = Field(
        None, description="From the first to the last event at most so long, e.g. 3 days."
    )

    def expression(self, zone: str | None = None) -> dict[str, Any]:
        """As the macro takes it, in a time zone."""
        result: dict[str, Any] = {"sequence": [step.expression() for step in self.sequence]}
        if self.within is not None:
            result |= self.within.expression(zone)
        if self.steps_within is not None:
            result["steps_within_hours"] = self.steps_within
        return result


class TraitCondition(Comparison, Leaf):
    """Profiles with a trait."""

    trait: Path = Field(description="The trait; dots reach into objects, or a list of keys.")

    def expression(self, _zone: str | None = None) -> dict[str, Any]:
        """As the macro takes it."""
        return {"trait": list(self.trait), **self.comparison()}


class AudienceCondition(Leaf):
    """Profiles in another audience."""

    audience: str = Field(pattern=NAME_PATTERN, description="The other audience's name.")

    def expression(self, _zone: str | None = None) -> dict[str, Any]:
        """As the macro takes it."""
        return {"audience": self.audience}


class AllOf(Strict):
    """Profiles for which every condition holds."""

    all: list[Condition] = Field(min_length=1, description="All of these hold.")

    def expression(self, zone: str | None = None) -> dict[str, Any]:
        """As the macro takes it, in a time zone."""
        return {"all": [member.expression(zone) for member in self.all]}

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Leaf]]:
        """The leaf conditions below, with the steps that lead to each."""
        for index, member in enumerate(self.all):
            yield from member.leaves((*steps, "all", index))


class AnyOf(Strict):
    """Profiles for which at least one condition holds."""

    any: list[Condition] = Field(min_length=1, description="At least one of these holds.")

    def expression(self, zone: str | None = None) -> dict[str, Any]:
        """As the macro takes it, in a time zone."""
        return {"any": [member.expression(zone) for member in self.any]}

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Leaf]]:
        """The leaf conditions below, with the steps that lead to each."""
        for index, member in enumerate(self.any):
            yield from member.leaves((*steps, "any", index))


class Not(Strict):
    """Profiles for which a condition does not hold."""

    not_: Condition = Field(alias="not", description="This does not hold.")

    def expression(self, zone: str | None = None) -> dict[str, Any]:
        """As the macro takes it, in a time zone."""
        return {"not": self.not_.expression(zone)}

    def leaves(self, steps: Steps) -> Iterator[tuple[Steps, Leaf]]:
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
    | Annotated[SequenceCondition, Tag("<sequence>")]
    | Annotated[TraitCondition, Tag("<trait>")]
    | Annotated[AudienceCondition, Tag("<audience>")]
    | Annotated[AllOf, Tag("<all>")]
    | Annotated[AnyOf, Tag("<any>")]
    | Annotated[Not, Tag("<not>")],
    Discriminator(kind_of, custom_error_type="condition", custom_error_message="is no condition"),
]

MODEL_OF_KIND: dict[str, type[Strict]] = {
    "event": EventCondition,
    "sequence": SequenceCondition,
    "trait": TraitCondition,
    "audience": AudienceCondition,
    "all": AllOf,
    "any": AnyOf,
    "not": Not,
}
_KIND_OF_MODEL: dict[type, str] = {model: kind for kind, model in MODEL_OF_KIND.items()}

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


def _threshold(count: tuple[str, int]) -> dict[str, Any]:
    return {"operator": count[0], "number": count[1]}
