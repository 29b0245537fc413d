"""Every normalisation vector, on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.normalisation import EMPTY_HASH, Case, cases, normalised_and_hashed
from tests.workspace import Workspace

Outcome = tuple[str | None, str | None]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Case, Outcome]]:
    path: Path = tmp_path_factory.mktemp("normalisation") / "project"
    project = Project.find(Workspace.create(path).path)
    warehouse = connect(project)
    renderer = MacroRenderer(project, warehouse)
    wanted = cases()
    yield dict(zip(wanted, normalised_and_hashed(warehouse, renderer, wanted), strict=True))
    warehouse.close()


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.rule}-{case.field}-{case.raw!a}")
def test_a_vector_is_normalised_and_hashed_as_documented(case: Case, outcomes: dict[Case, Outcome]) -> None:
    normalised, hashed = outcomes[case]
    assert normalised == case.normalised
    assert hashed != EMPTY_HASH
    if case.sent is not None:
        assert case.sent in (normalised, hashed)
