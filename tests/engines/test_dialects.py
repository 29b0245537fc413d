"""Every statement that reached an emulator in this test run is right in the dialect of the engine behind it.

Emulators are another engine behind a translator, so a statement that they run may still be wrong.
The tests of this file come last (see conftest.py): what all others sent is checked too.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.engines.dialects import check
from tests.engines.emulators import Emulators
from tests.engines.scenario.rows import Rows


@pytest.mark.parametrize(
    ("engine", "checker", "options"),
    [
        ("bigquery", "googlesql", []),
        ("bigquery", "sqlfluff_parse", ["bigquery"]),
        ("snowflake", "sqlfluff_parse", ["snowflake"]),
        ("snowflake", "snowflake_names", []),
    ],
    ids=["BigQuery analyser", "BigQuery grammar", "Snowflake grammar", "Snowflake names"],
)
def test_all_statements_pass(
    engine: Engine,
    checker: str,
    options: list[str],
    emulators: Emulators,
    played: Callable[[Engine], dict[str, Rows]],
) -> None:
    played(engine)

    checked = check(checker, *options, str(emulators.journal(engine)))

    assert checked.returncode == 0, checked.stdout + checked.stderr
