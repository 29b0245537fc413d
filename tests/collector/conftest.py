"""One collector for all tests that leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collector.running import RunningCollector, running


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector that takes events."""
    with running(tmp_path_factory.mktemp("collector")) as started:
        yield started
