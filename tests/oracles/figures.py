"""The figures of a preview and the events of an explanation, worked out in plain Python."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracles.audience_generator import leaves
from tests.oracles.audiences import Event, World, bucket, passes

EVERYBODY: Mapping[str, Any] = {"all": []}
NOBODY: Mapping[str, Any] = {"any": []}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Figures:
    """What a preview counts.

    Attributes:
        alone: by leaf condition, those of match first.
        removes: the same; None where leaving it out has no one meaning.
        funnel: the members of a top-level `all` one after the other, then exclude, holdout, priority.
    """

    members: int
    alone: list[int]
    removes: list[int | None]
    funnel: list[int]


def figures(
    world: World, file: Mapping[str, Any], name: str = "own", outranked_by: Collection[str] = ()
) -> Figures:
    """Count the audience of a file."""
    zone = file.get("time_zone", "UTC")
    members = world.members(file, name, outranked_by)
    removes: list[int | None] = []
    for path, is_wanted, is_free in [
        *_spots(file["match"], ("match",)),
        *_spots(file.get("exclude", EVERYBODY), ("exclude",), is_wanted=False),
    ]:
        other = _replaced(file, path, EVERYBODY if is_wanted else NOBODY)
        removes.append(len(world.members(other, name, outranked_by)) - len(members) if is_free else None)
    return Figures(
        len(members),
        [len(world.holding(leaf, zone)) for leaf in file_leaves(file)],
        removes,
        _funnel(world, file, name, outranked_by),
    )


def file_leaves(file: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The leaf conditions, those of match first."""
    return [*leaves(file["match"]), *leaves(file.get("exclude", EVERYBODY))]


def is_held_out(file: Mapping[str, Any], profile: str, name: str = "own") -> bool:
    """Whether the holdout has somebody."""
    group = file["holdout"].get("group", name)
    return bucket(f"holdout:{group}:{profile}") < Decimal(str(file["holdout"]["percent"])) * 100


def events_behind(world: World, condition: Mapping[str, Any], profile: str, zone: str) -> list[Event]:
    """The events that an event condition, or a step with its window, counts; the latest first."""
    named = [
        event
        for event in world.events
        if event.profile_id == profile
        and event.event == condition["event"]
        and event.occurred_at <= world.as_of
    ]
    named.sort(key=lambda event: (event.occurred_at, event.source_id, event.event_id), reverse=True)
    if "occurrence" in condition:
        return named[-1:] if condition["occurrence"] == "first" else named[:1]
    return [
        event
        for event in named
        if passes(event, condition.get("where", [])) and world._is_within(condition, event, zone)
    ]


def _funnel(world: World, file: Mapping[str, Any], name: str, outranked_by: Collection[str]) -> list[int]:
    zone = file.get("time_zone", "UTC")
    left = set(world.traits)
    steps = []
    for part in file["match"].get("all", [file["match"]]):
        left &= world.holding(part, zone)
        steps.append(len(left))
    if "exclude" in file:
        left -= world.holding(file["exclude"], zone)
        steps.append(len(left))
    if "holdout" in file:
        left = {profile for profile in left if not is_held_out(file, profile, name)}
        steps.append(len(left))
    if outranked_by:
        left -= {profile for other in outranked_by for profile in world.audiences[other]}
        steps.append(len(left))
    return steps


def _spots(
    condition: Mapping[str, Any], path: Path, *, is_wanted: bool = True, is_free: bool = True
) -> Iterator[tuple[Path, bool, bool]]:
    """Where the leaf conditions stand, whether they help to be a member, and whether each does so alone."""
    if "not" in condition:
        yield from _spots(condition["not"], (*path, "not"), is_wanted=not is_wanted, is_free=is_free)
        return
    for group, is_asked_whole in (("all", is_wanted), ("any", not is_wanted)):
        for index, member in enumerate(condition.get(group, [])):
            yield from _spots(
                member, (*path, group, index), is_wanted=is_wanted, is_free=is_free and is_asked_whole
            )
    if "all" not in condition and "any" not in condition:
        yield path, is_wanted, is_free


def _replaced(file: Mapping[str, Any], path: Path, condition: Mapping[str, Any]) -> dict[str, Any]:
    other: Any = copy.deepcopy(dict(file))
    place = other
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = condition
    result: dict[str, Any] = other
    return result
