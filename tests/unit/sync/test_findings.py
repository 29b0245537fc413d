"""What failed tests of audience files found, in words."""

from __future__ import annotations

from typing import Any

import pytest

from segmentloom_sync.audiences.definition import AudienceFile
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.dbt import NodeResult
from segmentloom_sync.sync.findings import findings
from segmentloom_sync.warehouse.base import Warehouse


def found(warehouse: Warehouse, key: str, limit: Any, query: str | None, status: str = "fail") -> str | None:
    """What is said of a test of the audience `buyers` that ran a query."""
    file = AudienceFile.model_validate({"match": {"event": "x"}, "tests": {key: limit}})
    audience = Audience("buyers", "audiences/buyers.yml", file)
    test = NodeResult(f"test.shop.audience_buyers_{key}.0a", status, None, query=query)
    others = NodeResult("test.shop.unique_buyers.0a", "fail", None, query="select 1")
    said = findings(warehouse, {"buyers": audience}, [others, test])
    assert said.keys() <= {test.unique_id}
    return said.get(test.unique_id)


@pytest.mark.parametrize(
    ("key", "limit", "query", "said"),
    [
        ("min_members", 1000, "select 319 as members", "319 members, at least 1,000 wanted"),
        ("max_members", 50, "select 1590 as members", "1,590 members, at most 50 wanted"),
        (
            "max_change_percent",
            20,
            "select 282 as former, 1224 as entering, 3 as leaving",
            "1,224 enter and 3 leave of 282 published, at most 20 % of them may",
        ),
        (
            "includes",
            ["user_id:a", "user_id:b", "user_id:c"],
            "select 'a' as user_id union all select 'b'",
            "users who are no members: 2 of 3",
        ),
        ("excludes", ["user_id:a"], "select 'a' as user_id", "users who are members: 1 of 1"),
        (
            "disjoint_from",
            ["last", "first"],
            "select 'last' as audience, range::text as profile_id from range(1500)"
            " union all select 'first', 'p1'",
            "members in both: 1 with first, 1,500 with last",
        ),
    ],
)
def test_each_test_says_how_much(warehouse: Warehouse, key: str, limit: Any, query: str, said: str) -> None:
    assert found(warehouse, key, limit, query) == said


def test_of_what_cannot_be_asked_again_nothing_is_said(warehouse: Warehouse) -> None:
    assert found(warehouse, "min_members", 5, "select members from gone") is None
    assert found(warehouse, "min_members", 5, "select 7 as members where false") is None
    assert found(warehouse, "min_members", 5, None) is None
    assert found(warehouse, "min_members", 5, "select 3 as members", status="pass") is None
