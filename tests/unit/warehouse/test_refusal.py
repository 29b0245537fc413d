from __future__ import annotations

import duckdb
import pytest

from segmentloom_sync.warehouse.refusal import refusal, without_values


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


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("400 Bad double value: Ann Smith", "400"),
        ("400 Bad int64 value: u_123 at [3:14]", "400: at [3:14]"),
        ('400 Failed to parse input string "Ann Smith"', "400"),
        (
            'Invalid Input Error: Malformed JSON at byte 3.  Input: "Ann Smith, 12 High St"',
            "Invalid Input Error",
        ),
        ("Conversion Error: 'Ann Smith' not found in the enum, 'u_123' does not exist", "Conversion Error"),
        ("100038 (22018): Numeric value 'Ann Smith' is not recognized", "100038 (22018)"),
        (
            "100090 (42P18): Duplicate row detected during DML action\nRow Values: ['Ann Smith', 'u_123']",
            "100090 (42P18): Duplicate row detected during DML action",
        ),
        (
            "Database Error in model x (models/x.sql)\n  Bad double value: Ann Smith, u_123",
            "Database Error",
        ),
        ("Runtime Error in model x (models/x.sql)\n  Ann Smith has u_123", "Runtime Error"),
        ("High St and Ann Smith", "no message that may be shown"),
    ],
)
def test_only_class_and_code_are_kept_of_what_may_quote_a_row(message: str, kept: str) -> None:
    assert without_values(message) == kept


def test_the_class_of_an_error_without_a_known_text_is_named() -> None:
    assert str(refusal(ValueError("Ann Smith"), doing="a query")) == (
        "the warehouse refused a query: ValueError"
    )


@pytest.mark.parametrize(
    "message",
    [
        "Compilation Error in model audience_x (models/audiences/audience_x.sql) source shop has no column x",
        "Runtime Error Could not find profile named 'shop'",
    ],
)
def test_what_dbt_says_before_any_row_is_read_stays(message: str) -> None:
    assert without_values(message) == message


def test_names_of_what_is_missing_stay() -> None:
    with pytest.raises(duckdb.Error) as caught:
        duckdb.connect().execute("select * from profiles")
    assert "profiles does not exist" in without_values(str(caught.value))

    snowflake = "002003 (42S02): SQL compilation error:\nObject 'DB.SEGMENTLOOM.PROFILES' does not exist"
    assert "PROFILES' does not exist" in without_values(snowflake)

    bigquery = "404 Not found: Table shop-1:segmentloom.profiles was not found in location US"
    assert "Not found: Table shop-1:segmentloom.profiles" in without_values(bigquery)


def test_a_long_message_is_cut() -> None:
    assert len(without_values("Compilation Error " + "x " * 1000)) < 310
    assert without_values("") == "no message that may be shown"
