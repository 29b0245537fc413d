"""Plays the scenario on one engine: load, build, load more, build again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import yaml

from tests.workspace import Workspace

FOLDER = Path(__file__).resolve().parent
SHOP_SCHEMA = "shop"
FIRST_DAY = "2026-11-20T00:00:00Z"
SECOND_DAY = "2026-11-21T00:00:00Z"
HELD_BACK = """
match: {event: invited_teammate}
tests:
  min_members: 1000
  max_change_percent: 50
  includes: ["user_id:u-ann"]
  excludes: ["user_id:u-dan"]
  disjoint_from: [quiet]
"""
FAILING = [
    "audience_held_back_disjoint_from",
    "audience_held_back_excludes",
    "audience_held_back_includes",
    "audience_held_back_max_change_percent",
    "audience_held_back_min_members",
]


def play(workspace: Workspace) -> None:
    """Both days, each on its own `segmentloom_as_of`."""
    _connect_the_shop(workspace)
    for audience in sorted((FOLDER / "audiences").glob("*.yml")):
        workspace.audience(audience.stem, audience.read_text())
    workspace.cli("compile")

    _load(workspace, "first.jsonl", status=1)
    _load(workspace, "segment.jsonl", "--source", "web", status=0)
    assert _build(workspace, FIRST_DAY) == []
    _load(workspace, "second.jsonl", status=1)
    _load(workspace, "first.jsonl", status=1)
    _change_audiences(workspace)
    failed = _build(workspace, SECOND_DAY)
    assert failed == FAILING, f"failed: {failed}"


def _change_audiences(workspace: Workspace) -> None:
    """One goes, another gets tests that it passes, a third another condition and tests that all fail."""
    (workspace.path / "audiences" / "early.yml").unlink()
    text = (FOLDER / "audiences" / "odd_values.yml").read_text()
    workspace.audience("odd_values", f"{text}tests: {{min_members: 1, max_members: 1000}}\n")
    workspace.audience("held_back", HELD_BACK)
    workspace.cli("compile")


def _connect_the_shop(workspace: Workspace) -> None:
    """Make the shop's own table as any dbt project would, then name it as a source."""
    models = workspace.path / "models" / "shop"
    models.mkdir()
    shutil.copy(FOLDER / "orders.sql", models / "orders.sql")
    workspace.dbt("run", "--select", "orders")
    shutil.rmtree(models)

    file = workspace.path / "dbt_project.yml"
    project = yaml.safe_load(file.read_text())
    project["vars"]["segmentloom_sources"] = [
        {
            "name": "shop",
            "kind": "custom",
            "relation": f"{_schema(workspace)}_{SHOP_SCHEMA}.orders",
            "columns": {
                "user_id": "customer_no",
                "email": "email",
                "occurred_at": "ordered_at",
                "properties": {"amount": "amount", "currency": "currency", "note": "note"},
            },
            "constants": {"type": "track", "event": "Shop Order"},
        }
    ]
    file.write_text(yaml.safe_dump(project))


def _schema(workspace: Workspace) -> str:
    """The target's schema, which BigQuery calls a dataset."""
    profile = yaml.safe_load((workspace.path / "profiles.yml").read_text())
    output = profile["segmentloom"]["outputs"]["test"]
    return str(output.get("dataset") or output["schema"])


def _load(workspace: Workspace, file: str, *options: str, status: int) -> None:
    """`load` says by exit status 1 that it refused lines, as it does of two of the files each time."""
    done = workspace.cli("load", str(FOLDER / file), *options, check=False)
    assert done.returncode == status, done.stderr


def _build(workspace: Workspace, as_of: str) -> list[str]:
    """Build everything; gives the names of what failed."""
    variables = yaml.safe_dump({"segmentloom_as_of": as_of})
    done = workspace.dbt("build", "--exclude-resource-type", "unit_test", "--vars", variables, check=False)
    results = json.loads((workspace.path / "target" / "run_results.json").read_text())["results"]
    failed = {
        result["unique_id"].split(".")[2]
        for result in results
        if result["status"] not in {"success", "pass", "warn", "no-op"}
    }
    assert done.returncode == (1 if failed else 0), done.stdout
    return sorted(failed)
