"""Reads public relations, and for whom each condition holds, in a form that is the same on every engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.oracles.condition_columns import condition_columns

# Columns that users rely on, without those that hold the time of the test. JSON columns end in `::json`.
PUBLIC_RELATIONS: Mapping[str, str] = {
    "events": (
        "event_id source_id type event occurred_at event_date anonymous_id user_id previous_id email "
        "phone owner_type owner_value properties::json traits::json context::json"
    ),
    "rejected_events": "source_id line_number reason raw",
    "identifiers": "identifier_type identifier_value profile_id first_seen_at last_seen_at event_count",
    "profiles": (
        "profile_id first_seen_at last_seen_at event_count identifier_count user_id email phone traits::json "
        "ad_user_data_consent ad_personalization_consent is_opted_out is_quarantined"
    ),
    "identity_conflicts": (
        "rule identifier_type identifier_value other_type other_value link_count first_seen_at"
    ),
    "audience_membership": "audience profile_id entered_at evaluated_at",
    "audience_membership_log": "audience profile_id change changed_at",
    "audience_sizes": "audience evaluated_at members",
    "audience_changes": (
        "audience change changed_by git_commit is_uncommitted old_hash new_hash old_definition new_definition"
    ),
    "hashed_identifiers": "hash_rule profile_id identifier_type identifier",
    "identifier_problems": "profile_id identifier_type problem",
}

CONDITIONS = "int_segmentloom__conditions"
"""Its rows are told as (condition, profile id, whether it holds)."""

Rows = list[tuple[Any, ...]]


def comparable_rows(project_dir: Path) -> dict[str, Rows]:
    """All rows of each public relation and of the conditions, sorted."""
    warehouse = connect(Project.find(project_dir, project_dir))
    try:
        rows = {name: _rows(warehouse, name, columns.split()) for name, columns in PUBLIC_RELATIONS.items()}
        return {**rows, CONDITIONS: _answers(warehouse, condition_columns(project_dir))}
    finally:
        warehouse.close()


def _rows(warehouse: Warehouse, name: str, columns: list[str]) -> Rows:
    names = ", ".join(column.removesuffix("::json") for column in columns)
    rows = warehouse.rows(f"select {names} from {warehouse.relation(name)}")
    plain = [tuple(_plain(*pair) for pair in zip(row, columns, strict=True)) for row in rows]
    return sorted(plain, key=repr)


def _answers(warehouse: Warehouse, columns: Mapping[str, Mapping[str, Any]]) -> Rows:
    rows = _rows(warehouse, CONDITIONS, ["profile_id", *columns])
    conditions = [json.dumps(leaf, sort_keys=True) for leaf in columns.values()]
    return sorted(
        (condition, profile, answer)
        for profile, *answers in rows
        for condition, answer in zip(conditions, answers, strict=True)
    )


def _plain(value: Any, column: str) -> Any:
    """A value as Python has it, whatever the driver made of it."""
    if column.endswith("::json"):
        return json.loads(value) if isinstance(value, str) else value
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Decimal):
        return int(value)
    return value
