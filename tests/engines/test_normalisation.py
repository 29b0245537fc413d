"""Every normalisation vector, on each engine."""

from __future__ import annotations

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Engine
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace
from tests.normalisation import cases, normalised_and_hashed


def test_every_vector_is_normalised_alike(engine: Engine, new_workspace: NewWorkspace) -> None:
    project = Project.find(new_workspace(engine).path)
    warehouse = connect(project)
    try:
        wanted = cases()
        outcomes = normalised_and_hashed(warehouse, MacroRenderer(project, warehouse), wanted)
    finally:
        warehouse.close()
    wrong = [
        (case, normalised)
        for case, (normalised, hashed) in zip(wanted, outcomes, strict=True)
        if normalised != case.normalised or (case.sent is not None and case.sent not in (normalised, hashed))
    ]
    assert wrong == []
