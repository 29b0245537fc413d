"""What the commands do not import: pandas and pyarrow take seconds and serve nobody who only reads, nor does
what talks to platforms serve those who only want their rules."""

from __future__ import annotations

import subprocess
import sys

READS = """
import sys
from datetime import UTC, datetime
import duckdb
from segmentloom_sync.cli import app
from segmentloom_sync.warehouse.duckdb import DuckDb
warehouse = DuckDb(duckdb.connect(), "segmentloom", lambda: None)
values = {"text": "a", "number": 1, "flag": True, "moment": datetime(2026, 7, 1, tzinfo=UTC)}
print(warehouse.rows("select :text, :number, :flag, :moment", **values))
warehouse.execute("create table t as select :text as x", text="a")
print(sorted({"pandas", "pyarrow", "numpy", "requests"} & set(sys.modules)))
"""


def test_binding_values_imports_neither_pandas_nor_pyarrow() -> None:
    done = subprocess.run([sys.executable, "-c", READS], capture_output=True, text=True, check=True)
    rows, imported = done.stdout.splitlines()
    assert rows.startswith("[('a', 1, True, datetime.datetime(2026, 7, 1, 0, 0, tzinfo=")
    assert imported == "[]"


def test_pandas_can_be_imported_afterwards() -> None:
    then = f"{READS}\nimport pandas\nprint(warehouse.rows('select :a', a='b'), 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", then], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[('b',)] True"


def test_the_rules_of_destinations_are_known_without_what_talks_to_them() -> None:
    knows = """
import sys
from segmentloom_sync.destinations.registry import destination_type, destination_types
print(sorted(name for name in destination_types() if destination_type(name).hash_rule))
print(sorted({"requests", "urllib3", "cryptography"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", knows], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['google_ads', 'linkedin', 'meta', 'tiktok', 'webhook']", "[]"]
