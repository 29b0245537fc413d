"""What to know of a preview beside its figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from segmentloom_sync.audiences.definition import Tests
from segmentloom_sync.audiences.preview_figures import DestinationCounts


def failing_tests(tests: Tests, members: int) -> Iterator[str]:
    """The tests of the audience's size that would fail with so many members."""
    if tests.min_members is not None and members < tests.min_members:
        yield f"tests: min_members {tests.min_members:,} would fail with {members:,}"
    if tests.max_members is not None and members > tests.max_members:
        yield f"tests: max_members {tests.max_members:,} would fail with {members:,}"


def dated_counts(by_destination: Iterable[DestinationCounts]) -> Iterator[str]:
    """Why there is nothing about what a sync would do."""
    if any(counts.adds is None for counts in by_destination):
        yield "with --as-of, adds and removes are left out: what lists hold is known only as of now"
