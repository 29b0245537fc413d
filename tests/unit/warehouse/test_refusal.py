from __future__ import annotations

import duckdb
import pytest

from segmentloom_sync.warehouse.refusal import without_values


@pytest.mark.parametrize(
    "statement",
    [
        "select cast('ann@example.com' as integer)",
        "create table t (e varchar unique); insert into t values ('ann@example.com'), ('ann@example.com')",
        "select strptime('ann@example.com', '%Y')",
        "select json('ann@example.com')",
        "select error('ann@example.com said +49 170 1234567')",
        "select ann@example.com from",
    ],
)
def test_no_value_survives(statement: str) -> None:
    with pytest.raises(duckdb.Error) as caught:
        duckdb.connect().execute(statement).fetchall()

    message = without_values(str(caught.value))

    assert "ann" not in message
    assert "1234567" not in message
    assert message


def test_names_of_what_is_missing_stay() -> None:
    with pytest.raises(duckdb.Error) as caught:
        duckdb.connect().execute("select * from profiles")
    assert "profiles does not exist" in without_values(str(caught.value))

    snowflake = "002003 (42S02): SQL compilation error:\nObject 'DB.SEGMENTLOOM.PROFILES' does not exist"
    assert "PROFILES' does not exist" in without_values(snowflake)


def test_a_long_message_is_cut() -> None:
    assert len(without_values("x " * 1000)) < 310
    assert without_values("") == "no message"
