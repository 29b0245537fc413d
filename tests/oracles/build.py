"""Builds events and identity from deliveries, in a project of its own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import yaml

from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect
from tests.oracles.events import Delivery
from tests.oracles.identity import Rules
from tests.oracles.landed import land
from tests.oracles.relations import Rows, expected_relations, found_relations
from tests.workspace import REPOSITORY, Workspace

MODELS = (
    "+segmentloom__profiles",
    "+segmentloom__identity_conflicts",
    "+segmentloom__rejected_events",
    "+segmentloom__profile_redirects",
    "+segmentloom__profile_merges",
    "+int_segmentloom__kept_links",
    "+int_segmentloom__profile_events",
)
LOW_LIMITS = {
    "segmentloom_max_users_per_email": 2,
    "segmentloom_max_users_per_device": 3,
    "segmentloom_max_identifiers_per_profile": 6,
}
BLOCKED_SEED = """identifier_type,identifier_value,reason
email,NoReply@Example.com,a sender
,TEST@example.com,any type
,test,any type
user_id,shared-login,
anonymous_id,Kiosk,"in the shop, and the lobby"
phone,+1 650 555 0199,
"""
LOW_RULES = Rules(
    users_per_email=2,
    users_per_device=3,
    identifiers_per_profile=6,
    blocked=frozenset(
        {
            ("email", "noreply@example.com"),
            ("", "test@example.com"),
            ("", "test"),
            ("user_id", "shared-login"),
            ("anonymous_id", "kiosk"),
            ("phone", "+1 650 555 0199"),
        }
    ),
)
"""Limits so low that every guard acts often; a workspace for them is made with LOW_LIMITS as variables."""


@dataclass(frozen=True)
class Built:
    """What a build left, and what it should have left."""

    workspace: Workspace
    deliveries: Sequence[Delivery]
    found: dict[str, Rows]
    expected: dict[str, Rows]


def build(workspace: Workspace, deliveries: Sequence[Delivery], rules: Rules = LOW_RULES) -> Built:
    """Land the deliveries and build everything that follows from them."""
    if rules is LOW_RULES:
        block_seed(workspace)
    with warehouse_of(workspace) as warehouse:
        land(warehouse, deliveries)
    build_models(workspace)
    with warehouse_of(workspace) as warehouse:
        found = found_relations(warehouse)
    return Built(workspace, deliveries, found, expected_relations(deliveries, rules))


def warehouse_of(workspace: Workspace) -> closing[Warehouse]:
    """A connection to the workspace's warehouse, to be used in a with statement: dbt needs the file, too."""
    return closing(connect(Project.find(workspace.path, workspace.path)))


def build_models(workspace: Workspace, *arguments: str, models: Sequence[str] = MODELS) -> None:
    """Run dbt for models and their tests, by default all of events and identity."""
    only = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
    workspace.dbt("build", *only, *arguments, "--select", *models)


def block_seed(workspace: Workspace, text: str = BLOCKED_SEED) -> None:
    """Give the workspace a list of blocked identifiers, by default the one that LOW_RULES knows of."""
    seeds = workspace.path / "seeds"
    if seeds.is_symlink():
        seeds.unlink()
        shutil.copytree(REPOSITORY / "seeds", seeds)
    (seeds / "segmentloom_blocked_identifiers.csv").write_text(text)


def use_rules(workspace: Workspace, rules: Rules) -> None:
    """Give the workspace the limits and the block list of the rules."""
    project = workspace.path / "dbt_project.yml"
    content = yaml.safe_load(project.read_text())
    content["vars"] |= {
        "segmentloom_max_users_per_email": rules.users_per_email,
        "segmentloom_max_users_per_device": rules.users_per_device,
        "segmentloom_max_identifiers_per_profile": rules.identifiers_per_profile,
    }
    project.write_text(yaml.safe_dump(content))
    blocked = [f"{type_},{value},\n" for type_, value in sorted(rules.blocked)]
    block_seed(workspace, "".join(["identifier_type,identifier_value,reason\n", *blocked]))
