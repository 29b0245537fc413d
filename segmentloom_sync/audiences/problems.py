"""What is wrong with an audience file, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Position(NamedTuple):
    """A place in a file, both counted from 1 as editors do."""

    line: int
    column: int


START = Position(1, 1)
LIKE = 0.6
"""How close a name has to be, by difflib's measure, to be what somebody meant."""


class Problem(NamedTuple):
    """One mistake; problems sort in file order and print as `path:line:column: message`.

    Attributes:
        follows: the wrong file that it goes away with; empty where this file is to be mended.
    """

    path: str
    position: Position
    message: str
    follows: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.position.line}:{self.position.column}: {self.message}"


def causes_first(problems: Iterable[Problem]) -> list[Problem]:
    """In file order, those that follow from another file last."""
    return sorted(problems, key=lambda problem: (problem.follows != "", problem))


def with_causes(problems: Iterable[Problem], path: str) -> list[Problem]:
    """What is wrong with a file, and with those that it follows from, these first."""
    found = causes_first(problems)
    paths = [path]
    for wrong in paths:
        paths += [
            problem.follows
            for problem in found
            if problem.path == wrong and problem.follows and problem.follows not in paths
        ]
    return [problem for problem in found if problem.path in paths]


def suggestion(wrong: str, known: Iterable[str], *, kind: str, likeness: float = LIKE) -> str:
    """`did you mean 'x'?`, or the whole choice when nothing is close.

    Args:
        kind: what the names are of, in the plural.
        likeness: from 0 to 1, how close a name has to be.
    """
    names = sorted(known)
    close = closest(wrong, names, likeness)
    if close is not None:
        return f"did you mean '{close}'?"
    return f"{kind}: {', '.join(names)}" if names else f"there are no {kind}"


def closest(wrong: str, names: Iterable[str], likeness: float = LIKE) -> str | None:
    """The name that was probably meant; None when none is close. The case of letters matters little."""
    folded: dict[str, str] = {}
    for name in sorted(names):
        folded.setdefault(name.casefold(), name)
    close = difflib.get_close_matches(wrong.casefold(), folded, n=1, cutoff=likeness)
    return folded[close[0]] if close else None
