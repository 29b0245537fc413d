"""What a failed dbt node means for each audience."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segmentloom_sync.dbt import NodeResult
from segmentloom_sync.errors import DbtError
from segmentloom_sync.sync.build import failures

GOT = "Got {} results, configured to fail if != 0"
HASHED = NodeResult("model.segmentloom.segmentloom__hashed_identifiers", "success", None)


def node(
    unique_id: str, status: str = "success", message: str | None = None, about: str | None = None
) -> NodeResult:
    return NodeResult(unique_id, status, message, (about,) if about else ())


def alone(*names: str) -> dict[str, list[str]]:
    """Audiences without a priority group."""
    return {name: [name] for name in names}


def test_audiences_whose_model_and_tests_passed_go_on() -> None:
    results = [
        HASHED,
        node("model.shop.audience_buyers"),
        node("model.shop.audience_leavers"),
        node("test.shop.unique_leavers.0a1b2c", "pass", None, "model.shop.audience_leavers"),
        node("test.shop.not_null_leavers.0a1b2c", "warn", None, "model.shop.audience_leavers"),
        node("test.shop.unique_buyers.0a1b2c", "pass", None, "model.shop.audience_buyers"),
        node(
            "test.shop.min_members.0a1b2c",
            "fail",
            "Got 1 result, configured to fail if != 0",
            "model.shop.audience_buyers",
        ),
    ]
    assert failures(results, alone("buyers", "leavers")) == {
        "buyers": "dbt: test min_members failed: Got 1 result, configured to fail if != 0"
    }


def test_an_audience_is_held_back_by_another_of_its_priority_group() -> None:
    results = [HASHED]
    for name, status in {"first": "pass", "second": "fail", "other": "pass"}.items():
        model = f"model.shop.audience_{name}"
        results += [node(model), node(f"test.shop.{name}_few.0a", status, None, model)]
    group = ["first", "second"]
    assert failures(results, {"first": group, "second": group, "other": ["other"]}) == {
        "first": "held back with its priority group by second: dbt: test second_few failed: fail",
        "second": "dbt: test second_few failed: fail",
    }


def test_all_tests_that_failed_are_named() -> None:
    results = [
        HASHED,
        node("model.shop.audience_buyers"),
        replace(
            node("test.shop.audience_buyers_min_members.0a1b2c", "fail", "x", "model.shop.audience_buyers"),
            finding="2 members, at least 3 wanted",
        ),
        node(
            "test.shop.audience_buyers_includes.0a1b2c", "fail", GOT.format(2), "model.shop.audience_buyers"
        ),
    ]
    assert failures(results, alone("buyers")) == {
        "buyers": "dbt: test audience_buyers_includes failed: Got 2 results, configured to fail if != 0; "
        "dbt: test audience_buyers_min_members failed: 2 members, at least 3 wanted"
    }


def test_of_an_audience_that_was_skipped_all_tests_of_those_it_uses_are_named() -> None:
    used = "model.shop.audience_used"
    results = [
        HASHED,
        node("test.shop.audience_aside_min_members.0a", "fail", GOT.format(1), "model.shop.audience_aside"),
        node(used),
        node("test.shop.audience_used_min_members.0a", "fail", GOT.format(1), used),
        node("test.shop.audience_used_includes.0a", "fail", GOT.format(3), used),
        node("model.shop.aaa", "error", "Compilation Error", "model.segmentloom.conditions"),
        replace(node("model.shop.audience_buyers", "skipped"), about=(used, "model.segmentloom.conditions")),
    ]
    assert failures(results, alone("buyers")) == {
        "buyers": "dbt: test audience_used_includes failed: Got 3 results, configured to fail if != 0; "
        "dbt: test audience_used_min_members failed: Got 1 results, configured to fail if != 0"
    }


def test_of_an_audience_that_was_skipped_the_model_that_it_reads_is_named() -> None:
    used = "model.shop.audience_used"
    results = [
        HASHED,
        node("model.shop.aaa", "error", "Compilation Error in aaa", "model.segmentloom.conditions"),
        node(used, "error", "Compilation Error in used", "model.segmentloom.conditions"),
        replace(node("model.shop.audience_buyers", "skipped"), about=(used, "model.segmentloom.conditions")),
    ]
    assert failures(results, alone("buyers"))["buyers"].startswith("dbt: model audience_used failed")


def test_an_audience_that_was_not_tested_to_the_end_does_not_go_on() -> None:
    results = [
        HASHED,
        node("model.shop.audience_buyers"),
        node("test.shop.unique_buyers.0a1b2c", "pass", None, "model.shop.audience_buyers"),
        node("test.shop.min_members.0a1b2c", "skipped", None, "model.shop.audience_buyers"),
        node("model.shop.audience_leavers"),
    ]
    assert failures(results, alone("buyers", "leavers")) == {
        "buyers": "min_members was skipped",
        "leavers": "dbt ran no test of audience_leavers, so it is not published",
    }


def test_a_skipped_audience_names_the_model_that_failed_before_it() -> None:
    results = [
        HASHED,
        node("model.segmentloom.int_segmentloom__profile_events", "error", "Compilation Error: no column x"),
        node("model.shop.audience_buyers", "skipped"),
    ]
    assert failures(results, alone("buyers")) == {
        "buyers": "dbt: model int_segmentloom__profile_events failed: Compilation Error: no column x"
    }


def test_messages_of_dbt_lose_the_values_that_they_quote() -> None:
    results = [
        HASHED,
        node("model.shop.audience_buyers", "error", "Conversion Error: could not cast 'ann@example.com'"),
    ]
    assert "ann@" not in failures(results, alone("buyers"))["buyers"]


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([], "dbt found nothing to build"),
        (
            [node("model.segmentloom.segmentloom__profiles", "error", "IO Error: no")],
            "segmentloom__profiles failed: IO Error",
        ),
        ([HASHED, node("operation.segmentloom.on-run-end-0", "error")], "on-run-end-0 failed: error"),
        (
            [
                HASHED,
                node("model.shop.audience_buyers"),
                node(
                    "test.segmentloom.unique_hashed_identifiers.0a1b2c",
                    "fail",
                    "Got 2 results, configured to fail if != 0",
                    HASHED.unique_id,
                ),
            ],
            "unique_hashed_identifiers failed: Got 2 results",
        ),
        (
            [
                HASHED,
                node("model.shop.audience_buyers"),
                node(
                    "test.segmentloom.not_null_membership.0a1b2c",
                    "error",
                    None,
                    "model.segmentloom.segmentloom__audience_membership",
                ),
            ],
            "not_null_membership failed: error",
        ),
    ],
)
def test_without_what_all_need_nothing_is_synced(results: list[NodeResult], message: str) -> None:
    with pytest.raises(DbtError, match=message):
        failures(results, alone("buyers"))


def test_an_audience_that_dbt_does_not_know_is_named() -> None:
    assert failures([HASHED], alone("buyers")) == {"buyers": "dbt knows no model audience_buyers"}
