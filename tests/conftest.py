"""How the suite is shared among processes."""

from __future__ import annotations

from pathlib import Path

import pytest

ENGINES = Path(__file__).parent / "engines"


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, and all that use the emulators in one, begun first.

    Files build things once that their tests share. The dialect checks read what all engine tests sent to the
    emulators, and these tests take about half of the time.
    """
    for item in items:
        group = "engines" if ENGINES in item.path.parents else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: ENGINES not in item.path.parents)
