"""How the audiences of a project depend on each other: by condition, by priority, by test."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segmentloom_sync.audiences.problems import Position, Problem, suggestion
from segmentloom_sync.audiences.reader import read

if TYPE_CHECKING:
    from segmentloom_sync.audiences.library import Audience


MOST_LEVELS: Final = 10
"""So many audiences may be used one through the other: each is a view on the next, and BigQuery reads no more
than 16 views through each other (https://cloud.google.com/bigquery/quotas#view_limits)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a file names another audience.

    Attributes:
        is_read: False where a test only compares with it, so that both may name each other.
        is_rank: whether it stands for an audience that comes first in the priority group.
    """

    name: str
    position: Position
    is_read: bool = True
    is_rank: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What a wrong file seems to say of its priority.

    Attributes:
        group: None when it has none, "" when that cannot be read.
        rank: None when that cannot be read.
        path: the file, as problems name it.
    """

    name: str
    group: str | None
    rank: int | None = None
    path: str = ""

    def may_be_of(self, group: str) -> bool:
        """Whether the audience, once its file is right, may be of this group."""
        return self.group in {group, ""}

    def may_outrank(self, group: str, rank: int) -> bool:
        """Whether it may then come before one of this group and rank."""
        return self.may_be_of(group) and (self.rank is None or self.rank <= rank)


def claim_of(file: Path, label: str) -> Claim:
    """What a file that is wrong seems to say of its priority.

    Args:
        file: the file.
        label: how problems name it.
    """
    try:
        document, _ = read(file.read_bytes(), file.name)
    except OSError:
        document = None
    if document is None:
        return Claim(file.stem, "", path=label)
    priority = document.data.get("priority") if isinstance(document.data, dict) else None
    if priority is None:
        return Claim(file.stem, None, path=label)
    keys = priority if isinstance(priority, dict) else {}
    group, rank = keys.get("group"), keys.get("rank")
    return Claim(
        file.stem,
        group if isinstance(group, str) else "",
        rank if isinstance(rank, int) and not isinstance(rank, bool) else None,
        label,
    )


def link(
    audiences: Iterable[Audience], claims: Collection[Claim], *, known: set[str]
) -> tuple[list[Audience], list[Problem]]:
    """Rank the audiences of each priority group; check what each depends on, and that no two fill one list.

    Args:
        audiences: those whose own file is right.
        claims: of the files that are wrong.
        known: the names of all files.

    Returns:
        The audiences that can be evaluated, and what is wrong with the others.
    """
    read_ones = list(audiences)
    ranked = [_ranked(audience, read_ones, claims) for audience in read_ones]
    problems = [problem for audience in ranked for problem in _group_problems(audience, ranked)]
    problems += _shared_lists(ranked)
    fitting = _without(ranked, problems)
    paths = {audience.name: audience.path for audience in read_ones}
    wrong_ones = {claim.name: claim for claim in claims}
    problems += _reference_problems(fitting, known, wrong_ones, paths)
    return _without(fitting, problems), problems


def _without(audiences: Iterable[Audience], problems: Iterable[Problem]) -> list[Audience]:
    wrong = {problem.path for problem in problems}
    return [audience for audience in audiences if audience.path not in wrong]


def _ranked(audience: Audience, audiences: Iterable[Audience], claims: Iterable[Claim]) -> Audience:
    """The audience with those that outrank it."""
    priority = audience.file.priority
    if priority is None or audience.rank_position is None:
        return audience
    before = sorted(
        (other for other in _rivals(audience, audiences) if _rank(other) < priority.rank), key=_rank
    )
    doubtful = [claim.name for claim in claims if claim.may_outrank(priority.group, priority.rank)]
    named = [reference for reference in audience.references if not reference.is_rank]
    first = sorted([*(other.name for other in before), *doubtful])
    ranks = [Reference(name, audience.rank_position, is_rank=True) for name in first]
    return replace(audience, references=(*named, *ranks), outranked_by=tuple(before))


def _rank(audience: Audience) -> int:
    """Its rank in its priority group; 0 in none."""
    return audience.file.priority.rank if audience.file.priority else 0


def _group_problems(audience: Audience, audiences: Iterable[Audience]) -> Iterator[Problem]:
    """What does not fit the other audiences of its priority group: an equal rank, another cadence."""
    rivals = list(_rivals(audience, audiences))
    priority = audience.file.priority
    for other in rivals:
        if priority and audience.rank_position and priority == other.file.priority:
            message = f"rank {priority.rank} of the group '{priority.group}' is also that of '{other.name}'"
            yield Problem(audience.path, audience.rank_position, message)
    unlike = [other for other in rivals if other.cadence != audience.cadence]
    if unlike:
        names = ", ".join(f"'{other.name}'" for other in unlike)
        message = (
            f"the cadence is {audience.cadence}, that of {names} in the same priority group "
            f"'{audience.priority_group}' is {unlike[0].cadence}; a group is published together: "
            f"write cadence: {unlike[0].cadence} here, or cadence: {audience.cadence} there"
        )
        yield Problem(audience.path, audience.cadence_position, message)


def _shared_lists(audiences: Collection[Audience]) -> Iterator[Problem]:
    """Lists that several audiences fill, in the file of each."""
    owners: dict[tuple[str, str], list[str]] = {}
    for audience in audiences:
        for spec in audience.sync:
            owners.setdefault((spec.destination, spec.list_name), []).append(audience.name)
    for audience in audiences:
        for spec, position in zip(audience.sync, audience.list_positions, strict=False):
            names = [
                f"'{name}'" for name in owners[spec.destination, spec.list_name] if name != audience.name
            ]
            if names:
                message = (
                    f"the list '{spec.list_name}' at {spec.destination} is also that of {', '.join(names)}; "
                    "give each audience a list of its own: each removes whom it does not know"
                )
                yield Problem(audience.path, position, message)


def _rivals(audience: Audience, audiences: Iterable[Audience]) -> Iterator[Audience]:
    """The other audiences of its priority group."""
    for other in audiences:
        if other.name != audience.name and audience.priority_group in {other.priority_group} - {None}:
            yield other


def _reference_problems(
    audiences: Iterable[Audience], known: set[str], claims: Mapping[str, Claim], paths: Mapping[str, str]
) -> list[Problem]:
    """Audiences that use one that is not there, is wrong, or comes back to themselves.

    Args:
        known: the names of all files.
        claims: of the files that are wrong, by name.
        paths: the other files, by name.
    """
    by_name = {audience.name: audience for audience in audiences}
    problems: list[Problem] = []
    usable = dict(by_name)
    while True:
        wrong = [
            Problem(
                audience.path,
                reference.position,
                _reference_message(audience, reference, usable, known, claims.get(reference.name)),
                _cause(reference, usable, claims, paths),
            )
            for audience in usable.values()
            for reference in audience.references
            if reference.name not in usable
            or (reference.is_read and _path_back(reference.name, audience.name, by_name))
        ]
        wrong = wrong or list(_too_deep(usable))
        if not wrong:
            return problems
        problems += wrong
        files = {problem.path for problem in wrong}
        usable = {name: audience for name, audience in usable.items() if audience.path not in files}


def _too_deep(audiences: Mapping[str, Audience]) -> Iterator[Problem]:
    """Audiences that use others through too many others; none of them uses itself."""
    levels: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in levels:
            # Of an audience that comes first in a priority group the conditions are looked at, not the view.
            levels[name] = max(
                (
                    level(reference.name) + (0 if reference.is_rank else 1)
                    for reference in audiences[name].references
                    if reference.is_read
                ),
                default=0,
            )
        return levels[name]

    for audience in audiences.values():
        for reference in audience.references:
            if reference.is_read and not reference.is_rank and level(reference.name) == MOST_LEVELS:
                message = (
                    f"'{reference.name}' uses other audiences through {MOST_LEVELS} levels already, the most "
                    "there may be; write the conditions of one of them out instead"
                )
                yield Problem(audience.path, reference.position, message)


def _cause(
    reference: Reference,
    usable: Mapping[str, Audience],
    claims: Mapping[str, Claim],
    paths: Mapping[str, str],
) -> str:
    """The file of an audience that cannot be used; empty where it has none, or can be used."""
    if reference.name in usable:
        return ""
    claim = claims.get(reference.name)
    return claim.path if claim else paths.get(reference.name, "")


def _reference_message(
    audience: Audience,
    reference: Reference,
    usable: Mapping[str, Audience],
    known: set[str],
    claim: Claim | None,
) -> str:
    if reference.name not in known:
        others = known - {audience.name}
        return f"unknown audience '{reference.name}'; {suggestion(reference.name, others, kind='audiences')}"
    if reference.name not in usable and reference.is_rank and claim is not None:
        if claim.group == "":
            group = audience.priority_group
            doubt = f"it could belong to the group '{group}' and come first"
            return f"the priority in {claim.path} cannot be read: {doubt}"
        if claim.rank is None:
            return f"could come after the audience '{reference.name}' of its group, whose rank cannot be read"
    if reference.name not in usable and reference.is_rank:
        return f"comes after the audience '{reference.name}' of its group, whose file is wrong"
    if reference.name not in usable:
        return f"uses the audience '{reference.name}', whose file is wrong"
    back = _path_back(reference.name, audience.name, usable)
    return f"the audience uses itself: {' -> '.join([audience.name, *back])}"


def _path_back(start: str, goal: str, audiences: Mapping[str, Audience]) -> list[str]:
    """The shortest way from one audience to another along their references; empty when there is none."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        if way[-1] == goal:
            return way
        following = audiences[way[-1]].references if way[-1] in audiences else ()
        for reference in following:
            if reference.is_read and reference.name not in seen:
                seen.add(reference.name)
                ways.append([*way, reference.name])
    return []
