"""Prints why somebody is, or is not, in an audience: a tree that mirrors the groups of the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from segmentloom_sync import terminal
from segmentloom_sync.audiences.breakdown import Breakdown, Judgement, holds
from segmentloom_sync.audiences.conditions import AllOf, AnyOf, Condition, Not
from segmentloom_sync.audiences.parts import group_text
from segmentloom_sync.cli.shown import counted, shown, shown_time, shown_whole

if TYPE_CHECKING:
    from rich.tree import Tree

    from segmentloom_sync.audiences.explain import Explanation, Judged
    from segmentloom_sync.audiences.explain_sending import Sending

Mark = Callable[[bool], str]


def print_explanation(explanation: Explanation) -> None:
    """A tree and a few lines on stdout."""
    console = terminal.stdout()
    mark = _plain_mark if console.options.ascii_only else _mark
    name, profile = explanation.audience.name, explanation.found.profile_id
    is_member = "is a member" if explanation.member else "is no member"
    console.print(
        f"[bold]{name}[/bold]: profile {profile} {is_member} as of {explanation.as_of:%Y-%m-%d %H:%M} UTC"
    )
    for tree in _trees(explanation, mark):
        console.print(tree, soft_wrap=False)  # else a terminal would cut its lines
    console.print()
    console.print(_published(explanation))
    for sending in explanation.destinations:
        console.print(_sending(sending))


def _mark(is_true: bool) -> str:
    return "[green]✓[/green]" if is_true else "[red]✗[/red]"


def _plain_mark(is_true: bool) -> str:
    return "yes:" if is_true else "no:"


def _trees(explanation: Explanation, mark: Mark) -> list[Tree]:
    from rich.tree import Tree

    file = explanation.audience.file
    breakdown = Breakdown(explanation.audience.definition)
    leaves = [judged for judged in explanation.conditions if judged.part in {"match", "exclude"}]
    numbered = dict(enumerate(leaves, start=1))
    trees = []
    for title, condition, judgement in (
        ("match", file.match, breakdown.match),
        ("exclude", file.exclude, breakdown.exclude),
    ):
        if condition is not None and judgement is not None:
            tree = Tree(title)
            _grow(tree, condition, judgement, numbered, mark)
            trees.append(tree)
    for judged in explanation.conditions:
        if judged.part in {"holdout", "priority"}:
            tree = Tree(f"{mark(judged.holds)} {shown_whole(judged.condition)}")
            if judged.evidence.get("member_of"):
                tree.add(f"a member of {', '.join(judged.evidence['member_of'])}")
            trees.append(tree)
    return trees


def _grow(
    tree: Tree, condition: Condition, judgement: Judgement, leaves: Mapping[int, Judged], mark: Mark
) -> None:
    if "leaf" in judgement:
        judged = leaves[judgement["leaf"]]
        branch = tree.add(f"{mark(judged.holds)} {shown_whole(_without_path(judged.condition))}")
        for line in _evidence(judged.evidence):
            branch.add(line)
        return
    is_true = holds(judgement, {number: judged.holds for number, judged in leaves.items()})
    branch = tree.add(f"{mark(is_true)} {group_text(condition)}")
    if isinstance(condition, Not):
        _grow(branch, condition.not_, judgement["not"], leaves, mark)
    elif isinstance(condition, AllOf):
        for member, part in zip(condition.all, judgement["all"], strict=True):
            _grow(branch, member, part, leaves, mark)
    elif isinstance(condition, AnyOf):
        for member, part in zip(condition.any, judgement["any"], strict=True):
            _grow(branch, member, part, leaves, mark)


def _without_path(condition: str) -> str:
    """The tree shows where a condition stands."""
    return condition.partition(": ")[2]


def _evidence(evidence: Mapping[str, Any]) -> list[str]:
    if "steps" in evidence:
        lines = [f"{counted(step['count'], 'event')} {shown(step['event'])}" for step in evidence["steps"]]
        return [*lines, *(["in this order:", *map(_event, evidence["chain"])] if evidence["chain"] else [])]
    if "events" in evidence:
        number, events = evidence["count"], evidence["events"]
        some = f", {len(events)} of them:" if len(events) < number else ":" if number else ""
        value = f"{shown(evidence['value'])} from " if evidence.get("value") is not None else ""
        return [f"{value}{counted(number, 'event')}{some}", *map(_event, events)]
    if "event" in evidence:
        event = evidence["event"]
        if event is None:
            return ["no value"]
        return [
            f"{shown(json.dumps(evidence['value'], ensure_ascii=False))}, "
            f"{shown_time(event['occurred_at'])} {shown(event['source_id'])} {shown(event['event_id'])}"
        ]
    return []


def _event(event: Mapping[str, Any]) -> str:
    tested = ", ".join(
        f"{shown(path)} {shown(json.dumps(value, ensure_ascii=False))}"
        for path, value in event["properties"].items()
    )
    return (
        f"{shown_time(event['occurred_at'])} {shown(event['source_id'])} {shown(event['event_id'])} {tested}"
    ).rstrip()


def _published(explanation: Explanation) -> str:
    held_back = (
        f" (the newest evaluation failed tests: {tests})" if (tests := explanation.failed_tests) else ""
    )
    if explanation.published is None:
        return f"published: no member{held_back}"
    return f"published: a member since {shown_time(explanation.published.entered_at)}{held_back}"


def _sending(sending: Sending) -> str:
    held = ", ".join(
        f"{holding.identifier_type} {holding.state} since {shown_time(holding.updated_at)}"
        for holding in sending.holdings
    )
    text = (
        f"not sent: {'; '.join(sending.reasons)}"
        if sending.reasons
        else f"wanted there: {' and '.join(sending.sends)}"
    )
    return f"{sending.destination} {shown(sending.list_name)}: {text}" + (f" (now {held})" if held else "")
