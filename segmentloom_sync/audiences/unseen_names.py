"""Event names and traits that nobody ever sent: no mistake of the file, but most likely of its author."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

from segmentloom_sync.audiences.comparison import Compared
from segmentloom_sync.audiences.conditions import EventCondition, Leaf, SequenceCondition, TraitCondition
from segmentloom_sync.audiences.evaluation import Evaluation
from segmentloom_sync.audiences.problems import closest
from segmentloom_sync.warehouse.base import Statement, Warehouse

Ask = Callable[[Statement], list[tuple[Any, ...]]]
_HOLDS: Final[dict[str, Callable[[int, int], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}


def is_suspicious(leaf: Leaf, members: int, profiles: int) -> bool:
    """Whether a wrong name may be why a leaf condition holds for nobody, or for everybody.

    Args:
        members: how many profiles it holds for.
        profiles: how many there are.
    """
    return profiles > 0 and (members == 0 or (members == profiles and _holds_of_nothing(leaf)))


def unseen_names(leaves: Sequence[Leaf], warehouse: Warehouse, evaluation: Evaluation, ask: Ask) -> list[str]:
    """What to tell of the names in conditions that no event and no profile has.

    Args:
        leaves: the conditions to look at.
        warehouse: gives the names of relations.
        evaluation: gives the SQL that differs between engines.
        ask: runs a query.
    """
    events = list(dict.fromkeys(name for leaf in leaves for name in _events(leaf)))
    traits = list(dict.fromkeys(leaf.trait for leaf in leaves if isinstance(leaf, TraitCondition)))
    return [
        *(_unseen_events(events, warehouse, ask) if events else ()),
        *(_unseen_traits(traits, warehouse, evaluation, ask) if traits else ()),
    ]


def _unseen_events(names: Sequence[str], warehouse: Warehouse, ask: Ask) -> list[str]:
    relation = warehouse.relation("events")
    parameters = {f"event_{number}": name for number, name in enumerate(names)}
    marks = ", ".join(f":{key}" for key in parameters)
    query = f"select distinct event from {relation} where event in ({marks})"
    seen = {name for (name,) in ask(Statement(query, parameters))}
    unseen = [name for name in names if name not in seen]
    if not unseen:
        return []
    known = [
        str(name)
        for (name,) in ask(Statement(f"select distinct event from {relation} where event is not null"))
    ]
    return [f"no event is named {_quoted(name)}{_meant(name, known)}" for name in unseen]


def _unseen_traits(
    paths: Sequence[tuple[str, ...]], warehouse: Warehouse, evaluation: Evaluation, ask: Ask
) -> list[str]:
    relation = warehouse.relation("profiles")
    counts = [
        f"count(case when {evaluation.render('json_text_at', 'traits', list(path))} is not null then 1 end)"
        f" as n_{number}"
        for number, path in enumerate(paths)
    ]
    [numbers] = ask(Statement(f"select {', '.join(counts)} from {relation}"))
    unseen = [path for path, number in zip(paths, numbers, strict=True) if not number]
    if not unseen:
        return []
    entries = evaluation.render("json_entries", relation, "traits", ["profile_id"])
    keys = [str(key) for (key,) in ask(Statement(f"select distinct entry_key from ({entries}) as entries"))]
    return [
        f"no profile has the trait {_quoted('.'.join(path))}"
        f"{_meant(path[0], keys) if path[0] not in keys else ''}"
        for path in unseen
    ]


def _events(leaf: Leaf) -> list[str]:
    if isinstance(leaf, SequenceCondition):
        return [step.event for step in leaf.sequence]
    return [leaf.event] if isinstance(leaf, EventCondition) else []


def _holds_of_nothing(leaf: Leaf) -> bool:
    """Whether a condition holds of profiles without such an event or trait."""
    if isinstance(leaf, TraitCondition):
        return _compares_to_nothing(leaf)
    if not isinstance(leaf, EventCondition):
        return False
    if leaf.aggregate:
        return _compares_to_nothing(leaf.aggregate[1])
    sign, number = leaf.distinct_days or leaf.count
    return not leaf.occurrence and _HOLDS[sign](0, number)


def _compares_to_nothing(test: Compared) -> bool:
    return any(
        value is False if name == "exists" else name in {"is_not", "not_in"}
        for name, value in test.comparison().items()
    )


def _meant(name: str, known: Sequence[str]) -> str:
    close = closest(name, known)
    return f"; did you mean {_quoted(close)}?" if close is not None else ""


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
