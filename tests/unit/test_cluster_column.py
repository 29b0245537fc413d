"""Tables are clustered where that makes reading one audience cheaper and costs nothing."""

from __future__ import annotations

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.unit.test_macros import macros


@pytest.mark.parametrize(
    ("engine", "column"), [("bigquery", "audience"), ("snowflake", "None"), ("duckdb", "None")]
)
def test_only_bigquery_clusters(engine: Engine, column: str) -> None:
    assert macros(engine).render("cluster_column", "audience") == column
