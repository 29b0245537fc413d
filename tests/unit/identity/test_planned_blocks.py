"""Block lists as typed and as files: what is read, and how what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.identity.planned_blocks import parse_block, read_seed

HEADER = "identifier_type,identifier_value,reason\n"


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("email:Info@Example.com", ("email", "info@example.com")),
        (" user_id : a:b ", ("user_id", "a:b")),
        (":Test", ("", "test")),
        ("phone:+43 1", ("phone", "+43 1")),
    ],
)
def test_a_block_is_a_type_and_a_value(text: str, blocked: tuple[str, str]) -> None:
    assert parse_block(text) == blocked


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("secret", "needs a type and a value"),
        ("", "needs a type and a value"),
        ("mail:secret", "the type must be one of"),
        ("email: ", "the value is blank"),
        ("email:" + "x" * 1_000_000, "1,000,000 characters"),
        ("email:a\0b", "the value is no text"),
        ("email:\udcff", "the value is no text"),
    ],
)
def test_a_wrong_block_is_refused_without_its_value(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        parse_block(text)
    assert "secret" not in refused.value.message
    assert len(refused.value.message) < 200


def test_a_seed_is_read_as_dbt_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "seed.csv"
    file.write_text(
        "\ufeffreason,Identifier_Type,identifier_value\n"
        '"a ""quoted"" one, with\na second line", EMAIL ,Info@Example.com\n\n,,test\n',
        encoding="utf-8",
    )
    assert read_seed(file) == [("email", "info@example.com"), ("", "test")]


def test_a_seed_of_nothing_blocks_nothing(tmp_path: Path) -> None:
    file = tmp_path / "seed.csv"
    file.write_text(HEADER)
    assert read_seed(file) == []
    file.write_text("identifier_type,identifier_value\nemail,a@b\n")
    assert read_seed(file) == [("email", "a@b")]


def test_all_malformed_rows_are_named_by_their_line(tmp_path: Path) -> None:
    file = tmp_path / "seed.csv"
    long = "y" * 10_001
    file.write_text(
        f'{HEADER}mail,secret,\nemail,"two\nlines@secret",\nemail,secret\n,,\nemail,{long},\nuser_id,1,,\n'
    )
    with pytest.raises(DefinitionError) as refused:
        read_seed(file)
    assert [problem.removeprefix(f"{file}:") for problem in refused.value.problems] == [
        "2: the type must be one of user_id, email, anonymous_id, phone, or blank for any",
        "5: 2 columns, the first line has 3",
        "6: the value is blank",
        "7: the value has 10,001 characters; the longest may have 10,000",
        "8: 4 columns, the first line has 3",
    ]
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "seed.csv:1: the first line must be identifier_type,identifier_value,reason"),
        (b"identifier_value,reason\nx,y\n", "seed.csv:1: the first line must be"),
        (b"identifier_type,identifier_value,why\n", "seed.csv:1: the first line must be"),
        (b"identifier_type,identifier_type,identifier_value\n", "seed.csv:1: the first line must be"),
        (HEADER.encode() + b'email,"x"y,\n', "seed.csv:2: not valid CSV"),
        (HEADER.encode() + b'email,"x\n', "seed.csv:2: not valid CSV"),
        (HEADER.encode() + b"email," + b"x" * 200_000 + b",\n", "seed.csv:2: not valid CSV, or a value"),
        (b"\xff\xfe\x00", "not valid UTF-8"),
    ],
)
def test_a_file_that_is_no_seed_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "seed.csv"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_seed(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*missing.csv: no such file"):
        read_seed(tmp_path / "missing.csv")
