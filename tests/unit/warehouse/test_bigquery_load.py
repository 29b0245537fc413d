"""The order of a load's calls, which no emulator can show: it keeps no jobs of earlier runs."""

from __future__ import annotations

from typing import Any, cast
from unittest.mock import Mock

import pyarrow as pa
from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

from segmentloom_sync.warehouse.bigquery_load import load


def test_a_job_of_an_earlier_run_does_not_stand_for_the_rows_of_this_one() -> None:
    """Rows X were loaded by a killed run, then rows Y by another; now X again, whose job id is known."""
    calls: list[str] = []
    is_there = {"t": True}

    def delete(table_id: str, **kwargs: Any) -> None:
        is_there["t"] = False

    def start(*args: Any, job_id: str, **kwargs: Any) -> Mock:
        calls.append(job_id)
        if job_id.endswith("_0"):
            raise Conflict("known")
        is_there["t"] = True
        return Mock()

    def get(table_id: str) -> Mock:
        if not is_there["t"]:
            raise NotFound("gone")
        return Mock()

    client = Mock(delete_table=delete, load_table_from_file=start, get_table=get)
    rows = pa.RecordBatch.from_pylist([{"name": "x"}])
    load(cast(bigquery.Client, client), "p.d.t", {"name": "string"}, [rows])
    assert [call.rpartition("_")[2] for call in calls] == ["0", "1"]
