"""Builds the shadow with dbt, and takes it away again whatever happens."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from segmentloom_sync import terminal
from segmentloom_sync.dbt import Dbt, NodeResult
from segmentloom_sync.errors import DbtError, SegmentloomError, TryAgainLater
from segmentloom_sync.identity.built import require_built
from segmentloom_sync.identity.decisions import OVERRIDES
from segmentloom_sync.identity.state import PROGRESS, read_progress
from segmentloom_sync.project import Project
from segmentloom_sync.shadow.live import require_unmoved, warn_of_sources
from segmentloom_sync.shadow.profile import shadow_profiles, shadow_schema
from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Columns, Statement, Warehouse
from segmentloom_sync.warehouse.connect import connect
from segmentloom_sync.warehouse.lock import warehouse_lock
from segmentloom_sync.warehouse.refusal import without_values

MODELS = (
    "+segmentloom__hashed_identifiers,package:segmentloom",
    "+int_segmentloom__profile_events,package:segmentloom",
    "+segmentloom__identity_conflicts,package:segmentloom",
    "segmentloom_blocked_identifiers",
)
"""All that lies between events and what audiences and syncs read. The block list can be the project's own."""
NEEDED = (
    *("events", "int_segmentloom__loads", "int_segmentloom__identity_map", "profiles"),
    *(OVERRIDES, PROGRESS),
)

_OWNER = "int_segmentloom__shadow"
_BLOCKS = "int_segmentloom__planned_blocks"
_BLOCK_COLUMNS: Columns = {"identifier_type": "string", "identifier_value": "string"}


@dataclass(frozen=True, slots=True)
class ShadowRules:
    """How the shadow differs from the project as its files say.

    Attributes:
        variables: dbt vars that take the place of the project's.
        blocked: types (blank for any) and values of identifiers to block. Personal data.
        block_kind: whether they come on top of the seed or in its place; None for neither.
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    blocked: Sequence[tuple[str, str]] = field(default=(), repr=False)
    block_kind: Literal["add", "replace"] | None = None


@contextmanager
def shadow(project: Project, rules: ShadowRules, needed: Sequence[str] = NEEDED) -> Iterator[Warehouse]:
    """Build it from what the live events have read, and connect to compare.

    On DuckDB nobody else can change the file meanwhile.

    Args:
        needed: live relations that must be there.

    Raises:
        ConfigError: the live relations were never built.
        DbtError: dbt failed.
        TryAgainLater: another process has the warehouse, has begun a shadow of its own, or has built what
            is live in the meantime.
    """
    with closing(connect(project, must_exist=True)) as warehouse:
        # Before dbt, which makes the file of a DuckDB target that has none.
        require_built(warehouse, needed)
    warn_of_sources(project)
    shadow_id = uuid.uuid4().hex
    with warehouse_lock(project):
        with closing(connect(project)) as warehouse:
            require_built(warehouse, needed)
            before = read_progress(warehouse)
        try:
            with closing(connect(project)) as warehouse:
                _prepare(warehouse, rules, shadow_id)
            _build(project, rules)
            with closing(connect(project)) as warehouse:
                _require_ours(warehouse, shadow_id)
                require_unmoved(warehouse, before)
                yield warehouse
                require_unmoved(warehouse, before)
                _require_ours(warehouse, shadow_id)
        finally:
            _drop(project, shadow_id)


def _prepare(warehouse: Warehouse, rules: ShadowRules, shadow_id: str) -> None:
    """A schema with what the shadow cannot derive; the leftover of a killed run goes first."""
    warehouse.drop_schema("plan")
    warehouse.ensure_table(_OWNER, "plan", {"shadow_id": "string", "started_at": "timestamp"})
    warehouse.execute(
        f"insert into {warehouse.relation(_OWNER, 'plan')} (shadow_id, started_at) values (:shadow_id, :now)",
        shadow_id=shadow_id,
        now=datetime.now(UTC),
    )
    warehouse.execute(
        f"create table {warehouse.relation(OVERRIDES, 'plan')} as "
        f"select * from {warehouse.relation(OVERRIDES)}"
    )
    if rules.block_kind:
        _fill_blocks(warehouse, rules.blocked)


def _fill_blocks(warehouse: Warehouse, blocked: Sequence[tuple[str, str]]) -> None:
    import pyarrow as pa

    warehouse.ensure_table(_BLOCKS, "plan", _BLOCK_COLUMNS)
    columns = [[kind for kind, _ in blocked], [value for _, value in blocked]]
    batch = pa.RecordBatch.from_arrays(
        [pa.array(column, pa.string()) for column in columns], schema=arrow.schema(_BLOCK_COLUMNS)
    )
    staged = warehouse.stage(f"{_BLOCKS}__staged", "plan", _BLOCK_COLUMNS, [batch])
    names = ", ".join(_BLOCK_COLUMNS)
    warehouse.apply(
        [
            Statement(
                f"insert into {warehouse.relation(_BLOCKS, 'plan')} ({names}) select {names} from {staged}"
            )
        ]
    )
    warehouse.drop(staged)


def _build(project: Project, rules: ShadowRules) -> None:
    variables = {"segmentloom_shadow_of": project.schema, **rules.variables}
    if rules.block_kind:
        variables["segmentloom_planned_blocks"] = rules.block_kind
    with shadow_profiles(project) as profiles_dir:
        dbt = Dbt(project.directory, profiles_dir, project.target, keeps_parsed=False)
        results = dbt.run(
            "build",
            "--select",
            *MODELS,
            "--exclude-resource-type",
            "test",
            "unit_test",
            variables=variables,
            label=f"dbt build of events and identity in {shadow_schema(project)}",
        )
    failed = next((result for result in results if result.failed), None)
    if failed is not None:
        raise DbtError(_line(failed), hint="`dbt build` shows all of its output; nothing live was changed")
    if not any(result.unique_id.startswith("model.") for result in results):
        raise DbtError("dbt found none of the identity models", hint="run `dbt deps`, then `dbt ls`")


def _line(result: NodeResult) -> str:
    kind, _, name = result.unique_id.split(".")[:3]
    return f"dbt: {kind} {name} failed: {without_values(result.message) if result.message else result.status}"


def _require_ours(warehouse: Warehouse, shadow_id: str) -> None:
    if not _is_ours(warehouse, shadow_id):
        raise TryAgainLater(
            f"another plan or check has taken over the schema {warehouse.schema}_plan",
            hint="one at a time; try again when it is done",
        )


def _is_ours(warehouse: Warehouse, shadow_id: str) -> bool:
    if not warehouse.exists(_OWNER, "plan"):
        return False
    return warehouse.rows(f"select shadow_id from {warehouse.relation(_OWNER, 'plan')}") == [(shadow_id,)]


def _drop(project: Project, shadow_id: str) -> None:
    try:
        with closing(connect(project)) as warehouse:
            if _is_ours(warehouse, shadow_id):
                warehouse.drop_schema("plan")
    except SegmentloomError as error:
        terminal.warn(
            f"the schema {shadow_schema(project)} was left behind ({error.message}); "
            "the next plan or check drops it"
        )
