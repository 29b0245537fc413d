"""Builds one warehouse step by step; keeps of each what the models had and what they should have had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segmentloom_sync.warehouse.base import Columns, Warehouse
from tests.oracles.build import (
    LOW_LIMITS,
    LOW_RULES,
    MODELS,
    block_seed,
    build_models,
    use_rules,
    warehouse_of,
)
from tests.oracles.events import Delivery, accepted
from tests.oracles.identity import Identity, Rules, stitch
from tests.oracles.landed import append, land
from tests.oracles.merge_log import LogRow, read_log
from tests.oracles.overrides import Override, suppressed_links
from tests.oracles.relations import Rows, expected_relations, found_relations
from tests.workspace import Workspace

OVERRIDE_COLUMNS: Columns = {
    "override_id": "string",
    "decided_at": "timestamp",
    "action": "string",
    "identifier_type": "string",
    "identifier_value": "string",
    "other_type": "string",
    "other_value": "string",
    "reason": "string",
    "requested_by": "string",
    "merge_id": "string",
    "applied_run_id": "string",
}
EVERYTHING = (*MODELS, "+segmentloom__hashed_identifiers")
HISTORY = {
    "profile_merges",  # tells when a build saw what
    "identity_overrides",  # knows the build that took a decision up
    "int_segmentloom__progress",
    "int_segmentloom__profile_changes",
    "int_segmentloom__retractions",
}
"""Relations that depend on what came in which build. All others are a function of events and decisions."""


@dataclass(frozen=True)
class Step:
    """What one build left, and what it should have left."""

    found: dict[str, Rows]
    expected: dict[str, Rows]
    before: Identity
    after: Identity
    logged: list[LogRow]
    unlogged: list[LogRow]
    """Rows of the log that were there before the build and are no more."""
    state: dict[str, Counter[str]]
    """Every row of every relation that is no history, as text."""


@dataclass
class Chronicle:
    """A workspace, what was landed and decided in it so far, and its steps by name."""

    workspace: Workspace
    rules: Rules
    deliveries: list[Delivery] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    steps: dict[str, Step] = field(default_factory=dict)
    log: list[LogRow] = field(default_factory=list)

    @classmethod
    def under_low_limits(cls, path: Path) -> Chronicle:
        """An empty one whose guards act often."""
        workspace = Workspace.create(path, variables=LOW_LIMITS)
        block_seed(workspace)
        return cls(workspace, LOW_RULES)

    @property
    def identity(self) -> Identity:
        """What the oracle says of everything so far."""
        return stitch(accepted(self.deliveries), self.rules, suppressed_links(self.overrides))

    def build(
        self,
        name: str,
        deliveries: Sequence[Delivery] = (),
        overrides: Sequence[Override] = (),
        *arguments: str,
        rules: Rules | None = None,
        ahead: Sequence[Delivery] = (),
    ) -> Step:
        """Land deliveries, write decisions, change rules, run dbt, and look at what it left.

        Of the deliveries `ahead` a run of its own makes events, and nothing that follows from them.
        """
        before = self.identity
        self.deliveries += [*ahead, *deliveries]
        self.overrides += overrides
        if rules is not None:
            self.rules = rules
            use_rules(self.workspace, rules)
        if ahead:
            self._write(ahead, ())
            build_models(self.workspace, models=["+segmentloom__events"])
        self._write(deliveries, overrides)
        build_models(self.workspace, *arguments, models=EVERYTHING)
        with warehouse_of(self.workspace) as warehouse:
            log = read_log(warehouse)
            known, found = set(self.log), set(log)
            step = Step(
                found_relations(warehouse),
                expected_relations(self.deliveries, self.rules, self.overrides),
                before,
                self.identity,
                [row for row in log if row not in known],
                [row for row in self.log if row not in found],
                state(warehouse),
            )
        self.log = log
        self.steps[name] = step
        return step

    def _write(self, deliveries: Sequence[Delivery], overrides: Sequence[Override]) -> None:
        with warehouse_of(self.workspace) as warehouse:
            if deliveries:
                land(warehouse, deliveries)
            if overrides:
                decide(warehouse, overrides)


def decide(warehouse: Warehouse, overrides: Sequence[Override]) -> None:
    """Write decisions as `segmentloom-sync identity unmerge` and `remerge` would have."""
    append(warehouse, "identity_overrides", "", OVERRIDE_COLUMNS, [_override_row(one) for one in overrides])


def state(warehouse: Warehouse) -> dict[str, Counter[str]]:
    """The rows of every relation that is state, without the batch that wrote them; for DuckDB only."""
    columns = warehouse.rows(
        "select table_name, list(column_name order by ordinal_position) from information_schema.columns"
        " where table_schema = :schema and column_name <> 'batch' group by all",
        schema=warehouse.schema,
    )
    rows: dict[str, Counter[str]] = {}
    for name, names in columns:
        if name not in HISTORY:
            quoted = ", ".join(f'"{column}"' for column in names)
            rows[name] = Counter(map(str, warehouse.rows(f"select {quoted} from {warehouse.relation(name)}")))
    return rows


def _override_row(override: Override) -> dict[str, Any]:
    return {
        "override_id": override.override_id,
        "decided_at": override.decided_at,
        "action": override.action,
        "identifier_type": override.identifier[0],
        "identifier_value": override.identifier[1],
        "other_type": override.other[0],
        "other_value": override.other[1],
        "reason": "so the random numbers said",
        "requested_by": "the oracle",
        "merge_id": None,
        "applied_run_id": None,
    }
