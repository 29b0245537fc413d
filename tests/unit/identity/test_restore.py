"""Decisions survive the warehouse: what is exported can be put back, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.decisions import Decision, all_decisions, latest_decision, record_all
from segmentloom_sync.identity.export import json_lines, write_export
from segmentloom_sync.identity.identifier import parse_identifier
from segmentloom_sync.identity.restore import restore
from segmentloom_sync.warehouse.base import Statement
from tests.identity_tables import Town

ANN, ADDRESS = parse_identifier("user_id:ann"), parse_identifier("email:info@example.com")
DECISIONS = [
    Decision(
        override_id=f"{number:032x}",
        decided_at=datetime(2026, 7, 1, 12, 0, 0, number, tzinfo=UTC),
        action="remerge" if number % 2 else "unmerge",
        identifier=ANN,
        other=ADDRESS,
        reason='two "people"\n\u2028',
        requested_by="jo",
        merge_id="f" * 32 if number else None,
        applied_run_id="run-1",
    )
    for number in range(3)
]


def test_an_export_puts_the_decisions_back_into_another_warehouse(tmp_path: Path) -> None:
    first, second = Town.open(), Town.open()
    record_all(first.warehouse, DECISIONS)
    file = tmp_path / "decisions.jsonl"
    write_export(file, all_decisions(first.warehouse))
    assert file.stat().st_mode & 0o077 == 0
    assert restore(second.warehouse, file) == (3, 3)
    assert restore(second.warehouse, file) == (3, 0)
    wanted = [replace(decision, applied_run_id=None) for decision in DECISIONS]
    assert all_decisions(second.warehouse) == wanted
    assert latest_decision(second.warehouse, ADDRESS, ANN) == wanted[2]


def test_a_file_of_thousands_is_recorded_with_one_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town.open()
    many = [replace(DECISIONS[0], override_id=f"{number:032x}") for number in range(3_000)]
    file = tmp_path / "decisions.jsonl"
    file.write_text(json_lines(many), encoding="utf-8")
    sent: list[Statement] = []
    apply = town.warehouse.apply

    def noted(statements: Sequence[Statement]) -> None:
        sent.extend(statements)
        apply(statements)

    monkeypatch.setattr(town.warehouse, "apply", noted)
    assert restore(town.warehouse, file) == (3_000, 3_000)
    assert [len(statement.parameters) for statement in sent] == [0]
    assert all_decisions(town.warehouse) == [replace(decision, applied_run_id=None) for decision in many]
    assert town.warehouse.rows("from duckdb_tables() where table_name like '%decisions%'") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(value=st.text(min_size=1), hours=st.integers(0, 10_000))
def test_whatever_an_identifier_holds_comes_back(tmp_path: Path, value: str, hours: int) -> None:
    town = Town.open()
    decision = replace(
        DECISIONS[0],
        other=ANN._replace(value=value),
        decided_at=DECISIONS[0].decided_at + timedelta(hours=hours),
        applied_run_id=None,
    )
    file = tmp_path / "one.jsonl"
    file.write_text(json_lines([decision]), encoding="utf-8")
    restore(town.warehouse, file)
    assert all_decisions(town.warehouse) == [decision]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"action": "delete"}, "`action` must be unmerge or remerge"),
        ({"override_id": "secret"}, "`override_id` must be 32"),
        ({"override_id": None}, "`override_id` is missing or no text"),
        ({"decided_at": "secret"}, "`decided_at` is no time"),
        ({"decided_at": "2026-07-01T00:00:00"}, "`decided_at` has no time zone"),
        ({"identifier_type": "secret"}, "`identifier_type` must be one of user_id"),
        ({"other_value": ""}, "`other_value` is empty"),
        ({"reason": " "}, "`reason` is blank"),
        ({"requested_by": 7}, "`requested_by` is missing or no text"),
        ({"merge_id": 7}, "`merge_id` is missing or no text"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_recorded(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    town = Town.open()
    file = tmp_path / "decisions.jsonl"
    wrong = {**json.loads(json_lines(DECISIONS[1:2])), **changes}
    file.write_text(f"{json_lines(DECISIONS[:1])}\n{json.dumps(wrong)}\n")
    with pytest.raises(ConfigError) as refused:
        restore(town.warehouse, file)
    assert f"decisions.jsonl:3: {message}" in refused.value.message
    assert "nothing was recorded" in (refused.value.hint or "")
    assert all_decisions(town.warehouse) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"[]", ":1: no JSON object"), (b"{", ":1: not valid JSON"), (b"\xff", ": not valid UTF-8")],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "decisions.jsonl"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        restore(Town.open().warehouse, file)


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*: no such file"):
        restore(Town.open().warehouse, tmp_path / "missing")
    with pytest.raises(ConfigError, match=r"cannot write .*: no such file"):
        write_export(tmp_path / "missing" / "file", DECISIONS)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="cannot write"):
        write_export(tmp_path / "folder", DECISIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
