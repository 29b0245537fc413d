"""A second build beside the live one on each engine: nothing differs, and limits do what the oracle says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segmentloom_sync.warehouse.base import Engine
from tests.engines.conftest import NewWorkspace
from tests.oracles.build import LOW_LIMITS, LOW_RULES, block_seed, warehouse_of
from tests.oracles.events import accepted
from tests.oracles.identity import stitch
from tests.oracles.landed import land
from tests.oracles.messy_events import messy_events

MODELS = (
    "+segmentloom__hashed_identifiers",
    "+segmentloom__identity_conflicts",
    "+int_segmentloom__profile_events",
)


@pytest.mark.slow
def test_a_plan_and_a_full_check(engine: Engine, new_workspace: NewWorkspace) -> None:
    workspace = new_workspace(engine, variables=LOW_LIMITS)
    block_seed(workspace)
    events = messy_events(41, 25, with_blocked=True)
    with warehouse_of(workspace) as warehouse:
        land(warehouse, events)
    workspace.dbt("build", "--exclude-resource-type", "test", "unit_test", "--select", *MODELS)
    check = workspace.json("identity", "check", "--full")
    assert check["differences"] == 0
    assert workspace.json("identity", "check")["differences"] == 0
    plan = workspace.json("identity", "plan", "--max-users-per-email", "1", "--block", "email:none@x.org")
    before = stitch(accepted(events), LOW_RULES)
    after = stitch(accepted(events), replace(LOW_RULES, users_per_email=1))
    assert len(after.profiles) > len(before.profiles)
    assert (plan["profiles"]["before"], plan["profiles"]["after"]) == (
        len(before.profiles),
        len(after.profiles),
    )
    with warehouse_of(workspace) as warehouse:
        assert not warehouse.exists("profiles", "plan")
