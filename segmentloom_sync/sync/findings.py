"""What the tests of an audience file found, in words: dbt says no more than how many rows came out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from segmentloom_sync.audiences.definition import Tests
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.dbt import NodeResult
from segmentloom_sync.errors import SegmentloomError
from segmentloom_sync.warehouse.base import Warehouse

Rows = Sequence[tuple[Any, ...]]


def findings(
    warehouse: Warehouse, audiences: Mapping[str, Audience], results: Iterable[NodeResult]
) -> dict[str, str]:
    """Ask again what failed tests of audience files asked.

    Args:
        audiences: by name.
        results: of all nodes of a build.

    Returns:
        By unique id of the test, what it found; nothing of others, and of those that cannot be asked again.
    """
    asked = {
        f"audience_{name}_{key}": (audience.file.tests, said)
        for name, audience in audiences.items()
        for key, said in _SAID.items()
    }
    found = {}
    for result in results:
        test, said = asked.get(result.unique_id.split(".")[2], (None, None))
        if test is not None and said is not None and result.status == "fail" and result.query:
            try:
                rows = warehouse.rows(_COUNTED.get(said, "{}").format(result.query))
            except SegmentloomError:  # what dbt says has to do
                continue
            if rows:
                found[result.unique_id] = said(test, rows)
    return found


def _members(test: Tests, rows: Rows) -> str:
    [(members,)] = rows
    if test.min_members is not None and members < test.min_members:
        return f"{members:,} members, at least {test.min_members:,} wanted"
    return f"{members:,} members, at most {test.max_members:,} wanted"


def _change(test: Tests, rows: Rows) -> str:
    [(former, entering, leaving)] = rows
    return (
        f"{entering:,} enter and {leaving:,} leave of {former:,} published,"
        f" at most {test.max_change_percent:g} % of them may"
    )


def _missing(test: Tests, rows: Rows) -> str:
    return f"users who are no members: {rows[0][0]:,} of {len(test.includes):,}"


def _present(test: Tests, rows: Rows) -> str:
    return f"users who are members: {rows[0][0]:,} of {len(test.excludes):,}"


def _shared(_test: Tests, rows: Rows) -> str:
    return f"members in both: {', '.join(f'{count:,} with {name}' for name, count in sorted(rows))}"


_SAID: Final[Mapping[str, Callable[[Tests, Rows], str]]] = {
    "min_members": _members,
    "max_members": _members,
    "max_change_percent": _change,
    "includes": _missing,
    "excludes": _present,
    "disjoint_from": _shared,
}
"""By the key of the test in the file."""

_COUNTED: Final[Mapping[Callable[[Tests, Rows], str], str]] = {
    _missing: "select count(*) from ({}) as found",
    _present: "select count(*) from ({}) as found",
    _shared: "select found.audience, count(*) from ({}) as found group by found.audience",
}
"""How the rows of a test are counted where they may be many."""
