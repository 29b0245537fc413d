"""An audience file as a model; `definition()` is the audience as the dbt macro takes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from segmentloom_sync.audiences.comparison import Strict
from segmentloom_sync.audiences.conditions import NAME_PATTERN, Condition, Leaf, Steps
from segmentloom_sync.audiences.values import Given, Members, Part, Percent, Rank, Share, Text, User
from segmentloom_sync.audiences.windows import TimeZone

IdentifierType = Literal["email", "phone"]
"""What can be sent of a person."""


class SyncSpec(Strict):
    """One list at one destination that the audience fills."""

    destination: str = Field(pattern=NAME_PATTERN, description="A destination of segmentloom.yml.")
    list_name: Text = Field(alias="list", description="The list's name at the platform; made when missing.")
    identifiers: list[IdentifierType] = Field(
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


class Holdout(Strict):
    """Persons who are never members, so that the effect on the others can be measured."""

    percent: Percent = Field(description="So many per cent of all persons, e.g. 10.")
    group: str | None = Field(
        None,
        pattern=NAME_PATTERN,
        description="Audiences with the same group hold out the same persons. Default: the audience's name.",
    )


class Priority(Strict):
    """A person is a member of at most one audience of the group, the first by rank."""

    group: str = Field(pattern=NAME_PATTERN, description="What the audiences have in common, e.g. lifecycle.")
    rank: Rank = Field(description="1 comes first; each audience of the group has another.")


def _present(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("condition", "is no condition")
    return value


class AudienceFile(Strict):
    """An audience: who belongs to it, and where it goes."""

    description: Part = Field(None, description="Who these people are, for people.")
    cadence: Literal["hourly", "daily"] = Field("daily", description="How often it is evaluated and synced.")
    match: Condition = Field(description="Who belongs: one condition, or a group: all, any, not.")
    exclude: Annotated[Condition | None, BeforeValidator(_present)] = Field(
        None, description="Who is left out although match holds: one condition, or a group."
    )
    holdout: Annotated[Holdout | None, Given] = Field(
        None, description="Persons who are never members, to measure the effect on the others."
    )
    priority: Annotated[Priority | None, Given] = Field(
        None, description="At most one audience of a group has a person: the first by rank."
    )
    time_zone: TimeZone = Field(
        None,
        description="Where calendar days begin, e.g. Europe/Berlin. Default: segmentloom_time_zone.",
    )
    sync: list[SyncSpec] = Field(default_factory=list, description="The lists that it fills.")
    guard: Guard = Field(default_factory=Guard, description="When a change is held for a person to release.")
    tests: Tests = Field(default_factory=Tests, description="What must hold before it is used.")

    def definition(self, name: str, outranked_by: Sequence[tuple[str, AudienceFile]] = ()) -> dict[str, Any]:
        """The audience as the dbt macro takes it.

        Args:
            name: the audience's.
            outranked_by: all audiences of its priority group that come first, whose members it leaves out.
        """
        result: dict[str, Any] = {"match": self.match.expression(self.time_zone)}
        if self.exclude is not None:
            result["exclude"] = self.exclude.expression(self.time_zone)
        if self.holdout is not None:
            result["holdout"] = {
                "group": self.holdout.group or name,
                "basis_points": int(Decimal(str(self.holdout.percent)) * 100),
            }
        if outranked_by:
            result["outranked_by"] = [
                {"audience": other, **file.definition(other)} for other, file in outranked_by
            ]
        return result

    def leaves(self) -> Iterator[tuple[Steps, Leaf]]:
        """The leaf conditions in the macro's order, with the steps that lead to each."""
        yield from self.match.leaves(("match",))
        if self.exclude is not None:
            yield from self.exclude.leaves(("exclude",))
