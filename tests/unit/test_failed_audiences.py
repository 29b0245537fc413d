"""Which audiences a run holds back, as it writes them down: its results are given, as dbt has them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.unit.recorded_statements import ALL_FOLDERS, RecordedStatements

CONDITIONS = "model.segmentloom.int_segmentloom__conditions"
GROUPS = {"first": "life", "second": "life", "third": "life", "alone": None, "other": None}


@pytest.fixture(autouse=True)
def all_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentloom_sync.macros.FOLDERS", ALL_FOLDERS)


class Project(RecordedStatements):
    """A project with three audiences in a priority group, and two in none, all compiled."""

    def __init__(self, engine: Engine = "duckdb") -> None:
        super().__init__(engine, "int_segmentloom__publications", {}, lambda _sql: [])

    def _nodes(self) -> dict[str, Any]:
        audiences = {
            f"model.shop.audience_{name}": SimpleNamespace(
                resource_type="model",
                unique_id=f"model.shop.audience_{name}",
                depends_on=SimpleNamespace(nodes=[CONDITIONS]),
                config=SimpleNamespace(
                    meta={"segmentloom_audience": name, "segmentloom_priority_group": group}
                ),
            )
            for name, group in GROUPS.items()
        }
        return {**super()._nodes(), **audiences}


def model(name: str, status: str = "success") -> Any:
    return SimpleNamespace(
        status=status, node=SimpleNamespace(resource_type="model", unique_id=f"model.shop.audience_{name}")
    )


def fails(test: str, about: str, *, attached: bool = True, status: str = "fail") -> Any:
    node = SimpleNamespace(
        resource_type="test",
        unique_id=f"test.shop.{test}",
        name=test,
        attached_node=about if attached else None,
        depends_on=SimpleNamespace(nodes=[about]),
    )
    return SimpleNamespace(status=status, node=node)


def failed(results: list[Any], *passed: str) -> Any:
    return Project().call("failed_audiences", results, dict.fromkeys(passed))


def test_a_failed_test_is_of_the_audience_that_it_stands_at() -> None:
    results = [model("alone"), model("other"), fails("few", "model.shop.audience_alone")]
    assert failed(results, "other") == {"alone": "few"}
    of_its_own = fails("mine", "model.shop.audience_alone", attached=False, status="error")
    assert failed([*results, of_its_own], "other") == {"alone": "few, mine"}


def test_tests_of_the_conditions_are_of_each_audience_that_was_built() -> None:
    results = [model("alone"), model("other", "skipped"), fails("unique", CONDITIONS)]
    assert failed(results) == {"alone": "unique"}


def test_what_was_published_or_only_not_tested_has_not_failed() -> None:
    assert failed([model("alone"), fails("few", "model.shop.audience_alone", status="warn")], "alone") == {}
    assert failed([model("alone"), fails("few", "model.shop.audience_alone", status="skipped")]) == {}


def test_a_group_is_held_back_by_all_that_failed_in_it() -> None:
    results = [model("first"), model("second"), model("alone")]
    results += [fails("a", "model.shop.audience_first"), fails("b", "model.shop.audience_second")]
    assert failed(results, "alone") == {"first": "a, b", "second": "a, b"}


@pytest.mark.parametrize("engine", ["duckdb", "bigquery", "snowflake"])
def test_many_take_few_statements(engine: Engine) -> None:
    project = Project(engine)
    many = {f"audience{number}": "it's so" for number in range(450)}
    publications = project.relation("int_segmentloom__publications")
    statements = project.call("failure_statements", many, ["passed"], publications)
    forgets, *writes = statements
    assert forgets.startswith("delete from ")
    assert forgets.count("'") == 2 * 451
    assert [text.count("select ") for text in writes] == [202, 202, 52]
    assert all("evaluated_at > " in text for text in writes)
    assert project.call("failure_statements", {}, [], publications) == []
