"""Tests of an audience that no members can pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segmentloom_sync.audiences.definition import Tests
from segmentloom_sync.audiences.problems import Problem
from segmentloom_sync.audiences.reader import Document, Steps


def contradictions(name: str, tests: Tests, document: Document, path: str) -> list[Problem]:
    """What cannot hold, or is said twice, under `tests` of the audience `name`."""
    return [
        Problem(path, document.position(("tests", *steps)), message) for steps, message in _found(name, tests)
    ]


def _found(name: str, tests: Tests) -> Iterator[tuple[Steps, str]]:
    low, high = tests.min_members, tests.max_members
    if low is not None and high is not None and low > high:
        yield ("max_members",), f"max_members must be min_members ({low}) or more"
    for key in ("includes", "excludes", "disjoint_from"):
        for index in _repeated(getattr(tests, key)):
            yield (key, index), f"{key} must not repeat"
    for index, user in enumerate(tests.excludes):
        if user in tests.includes:
            yield ("excludes", index), "the same user is under includes"
    for index, other in enumerate(tests.disjoint_from):
        if other == name:
            yield ("disjoint_from", index), "an audience shares all members with itself; name others"


def _repeated(values: Sequence[str]) -> list[int]:
    return [index for index, value in enumerate(values) if value in values[:index]]
