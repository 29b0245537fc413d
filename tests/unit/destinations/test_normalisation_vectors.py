"""Every normalisation vector, on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.normalisation import (
    EMPTY_HASH,
    TIKTOK_OPTIONS,
    Case,
    cases,
    normalised_and_hashed,
    tiktok_option_cases,
)
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


def test_the_other_reading_of_tiktoks_pages_can_be_chosen(tmp_path: Path) -> None:
    project = Project.find(Workspace.create(tmp_path / "project").path)
    warehouse = connect(project)
    try:
        wanted = tiktok_option_cases()
        renderer = MacroRenderer(project, warehouse, variables=TIKTOK_OPTIONS)
        found = normalised_and_hashed(warehouse, renderer, wanted)
    finally:
        warehouse.close()
    assert [normalised for normalised, _ in found] == [case.normalised for case in wanted]
    assert [hashed for _, hashed in found] == [case.sent for case in wanted]
    assert len({case.normalised for case in wanted} - {case.normalised for case in cases()}) >= 2


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.rule}-{case.field}-{case.raw!a}")
def test_a_vector_is_normalised_and_hashed_as_documented(case: Case, outcomes: dict[Case, Outcome]) -> None:
    normalised, hashed = outcomes[case]
    assert normalised == case.normalised
    assert hashed != EMPTY_HASH
    if case.sent is not None:
        assert case.sent in (normalised, hashed)
