"""The parts of an audience file in words: its leaf conditions, and the steps of its funnel."""

from __future__ import annotations

from segmentloom_sync.audiences.breakdown import Step
from segmentloom_sync.audiences.conditions import AllOf, AnyOf, Condition, Leaf, Not, Steps
from segmentloom_sync.audiences.describe import condition_text, path_text
from segmentloom_sync.audiences.library import Audience


def leaves(audience: Audience) -> list[tuple[Steps, Leaf]]:
    """The leaf conditions, those of match first, with the steps that lead to each."""
    return list(audience.file.leaves())


def condition_texts(audience: Audience) -> list[str]:
    """The leaf conditions in words."""
    return [condition_text(steps, leaf) for steps, leaf in leaves(audience)]


def step_text(audience: Audience, step: Step) -> str:
    """A step of the funnel in words."""
    file = audience.file
    if step.part == "exclude" and file.exclude is not None:
        return f"not {_text(('exclude',), file.exclude)}"
    if step.part == "holdout":
        return f"not {holdout_text(audience)}"
    if step.part == "priority":
        return f"not {priority_text(audience)}"
    if step.index is not None and isinstance(file.match, AllOf):
        return _text(("match", "all", step.index), file.match.all[step.index])
    return _text(("match",), file.match)


def holdout_text(audience: Audience) -> str:
    """The holdout in words."""
    holdout = audience.definition["holdout"]
    return f"holdout: {holdout['basis_points'] / 100:g} % of the group {holdout['group']}"


def priority_text(audience: Audience) -> str:
    """The priority in words."""
    return f"priority: members of {', '.join(other.name for other in audience.outranked_by)}"


def group_text(condition: Condition) -> str:
    """A group in words."""
    if isinstance(condition, Not):
        return "not"
    if isinstance(condition, AllOf):
        return f"all of {len(condition.all)}"
    if isinstance(condition, AnyOf):
        return f"any of {len(condition.any)}"
    raise TypeError(f"{type(condition).__name__} is no group")


def _text(steps: Steps, condition: Condition) -> str:
    below = list(condition.leaves(steps))
    if len(below) == 1:
        return condition_text(*below[0])
    while isinstance(condition, Not):
        steps, condition = (*steps, "not"), condition.not_
    return f"{path_text(steps)}: {group_text(condition)} conditions"
