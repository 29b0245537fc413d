"""An audience taken apart: its leaf conditions by number, and what follows from whether each holds.

A judgement is true or false of a profile, given which leaf conditions hold: {"leaf": 2}, {"always": true},
{"not": judgement}, {"all": [judgement, ...]}, {"any": [...]}, {"held_out": true}, and {"outranked": 1} for
the first of the audiences that come before. The macro `judgement` makes SQL of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Judgement = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel.

    Attributes:
        part: `match`, `exclude`, `holdout` or `priority`.
        index: which member of the `all` directly under match; None for the whole part.
        judgement: who is left after this step and those before it.
    """

    part: str
    index: int | None
    judgement: Judgement


class Breakdown:
    """What a definition says, with its leaf conditions numbered from 1 in file order.

    Args:
        definition: as the macros take it; see `Audience.definition`.
    """

    def __init__(self, definition: Mapping[str, Any]) -> None:
        numbers = itertools.count(1)
        self._has_holdout = "holdout" in definition
        self._outranked_by = len(definition.get("outranked_by", ()))
        self.match = _numbered(definition["match"], numbers)
        self.exclude = _numbered(definition["exclude"], numbers) if "exclude" in definition else None
        self.leaf_count = next(numbers) - 1

    @property
    def membership(self) -> Judgement:
        """Who is a member."""
        return {"all": [self.match, *(judgement for _, judgement in self._further())]}

    def left_out(self, number: int) -> Judgement | None:
        """Who would be a member without a leaf condition; None where leaving it out has no one meaning.

        It has one when everything around the condition asks for all of its parts: not inside an `any`.
        """
        sides = _factors(self.membership, is_asked=True)
        return _with_constant(self.membership, number, value=sides[number]) if number in sides else None

    def funnel(self) -> list[Step]:
        """The members of a top-level `all` one after the other, then who is taken off again."""
        steps: list[Step] = []
        passed: list[Judgement] = []
        parts: list[tuple[str, int | None, Judgement]] = (
            [("match", index, member) for index, member in enumerate(self.match["all"])]
            if "all" in self.match
            else [("match", None, self.match)]
        )
        for part, index, judgement in [*parts, *((part, None, rest) for part, rest in self._further())]:
            passed = [*passed, judgement]
            steps.append(Step(part, index, {"all": passed}))
        return steps

    def _further(self) -> Iterator[tuple[str, Judgement]]:
        """What the members have to pass beside match."""
        if self.exclude is not None:
            yield "exclude", {"not": self.exclude}
        if self._has_holdout:
            yield "holdout", {"not": {"held_out": True}}
        if self._outranked_by:
            before = [{"outranked": number} for number in range(1, self._outranked_by + 1)]
            yield "priority", {"not": {"any": before}}


def holds(judgement: Judgement, leaves: Mapping[int, bool]) -> bool:
    """Whether a judgement of match or exclude holds, given which leaf conditions do."""
    if "leaf" in judgement:
        return leaves[judgement["leaf"]]
    if "not" in judgement:
        return not holds(judgement["not"], leaves)
    if "all" in judgement:
        return all(holds(member, leaves) for member in judgement["all"])
    return any(holds(member, leaves) for member in judgement["any"])


def _numbered(condition: Mapping[str, Any], numbers: Iterator[int]) -> Judgement:
    for group in ("all", "any"):
        if group in condition:
            return {group: [_numbered(member, numbers) for member in condition[group]]}
    if "not" in condition:
        return {"not": _numbered(condition["not"], numbers)}
    return {"leaf": next(numbers)}


def _factors(judgement: Judgement, *, is_asked: bool) -> dict[int, bool]:
    """The leaf conditions that membership alone depends on, and what each has to be for it.

    Args:
        is_asked: whether membership asks for this judgement, or for its opposite.
    """
    if "leaf" in judgement:
        return {judgement["leaf"]: is_asked}
    if "not" in judgement:
        return _factors(judgement["not"], is_asked=not is_asked)
    found: dict[int, bool] = {}
    for member in judgement.get("all" if is_asked else "any", ()):
        found |= _factors(member, is_asked=is_asked)
    return found


def _with_constant(judgement: Judgement, number: int, *, value: bool) -> Judgement:
    """The judgement with a leaf condition taken for true or false."""
    if judgement.get("leaf") == number:
        return {"always": value}
    if "not" in judgement:
        return {"not": _with_constant(judgement["not"], number, value=value)}
    for group in ("all", "any"):
        if group in judgement:
            return {group: [_with_constant(member, number, value=value) for member in judgement[group]]}
    return judgement
