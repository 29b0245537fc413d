"""Every normalisation vector, and the rule for phone numbers, on each engine."""

from __future__ import annotations

from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Engine
from segmentloom_sync.warehouse.connect import connect
from tests.engines.conftest import NewWorkspace
from tests.normalisation import cases, normalised_and_hashed
from tests.unit.landing.test_phone import READ


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


def test_phone_numbers_are_read_alike(engine: Engine, new_workspace: NewWorkspace) -> None:
    project = Project.find(new_workspace(engine).path)
    warehouse = connect(project)
    try:
        for region in (None, "US", "DE"):
            renderer = MacroRenderer(
                project, warehouse, variables={"segmentloom_default_phone_region": region}
            )
            given = [(text, number) for text, its_region, number in READ if its_region == region]
            rows = " union all ".join(
                f"select {place} as place, cast({renderer.render('literal', text)} as string) as raw"
                for place, (text, _) in enumerate(given)
            )
            rule = renderer.render("e164_phone", "raw")
            found = warehouse.rows(f"select {rule} as number from ({rows}) as raws order by place")
            assert [number for (number,) in found] == [number for _, number in given]
    finally:
        warehouse.close()
