"""Shares over time as a row of bars."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from segmentloom_sync.cli.match_rates_report import sparkline


@pytest.mark.parametrize(
    ("shares", "bars"),
    [
        ([], ""),
        ([0, 0.5, 1], "\u2581\u2585\u2588"),
        ([-1, 2], "\u2581\u2588"),
        ([0.0] * 30 + [1.0], "\u2581" * 19 + "\u2588"),
    ],
)
def test_the_newest_share_is_on_the_right(shares: Sequence[float], bars: str) -> None:
    assert sparkline(shares) == bars


def test_a_terminal_that_knows_ascii_only_gets_digits() -> None:
    assert sparkline([0, 0.5, 1], "01234567") == "047"
