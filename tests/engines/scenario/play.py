"""Plays the scenario on one engine: load, build, load more, build again."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from tests.workspace import Workspace

FOLDER = Path(__file__).resolve().parent
SHOP_SCHEMA = "shop"
FIRST_DAY = "2026-11-20T00:00:00Z"
SECOND_DAY = "2026-11-21T00:00:00Z"


def play(workspace: Workspace) -> None:
    """Both days, each on its own `segmentloom_as_of`."""
    _connect_the_shop(workspace)
    for audience in sorted((FOLDER / "audiences").glob("*.yml")):
        workspace.audience(audience.stem, audience.read_text())
    workspace.cli("compile")

    _load(workspace, "first.jsonl", status=1)
    _load(workspace, "segment.jsonl", "--source", "web", status=0)
    _build(workspace, FIRST_DAY)
    _load(workspace, "second.jsonl", status=1)
    _load(workspace, "first.jsonl", status=1)
    _change_audiences(workspace)
    _build(workspace, SECOND_DAY)


def _change_audiences(workspace: Workspace) -> None:
    """One goes, and another gets a test that it passes; nobody else enters or leaves for that."""
    (workspace.path / "audiences" / "early.yml").unlink()
    text = (FOLDER / "audiences" / "odd_values.yml").read_text()
    workspace.audience("odd_values", f"{text}tests: {{min_members: 1, max_members: 1000}}\n")
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


def _build(workspace: Workspace, as_of: str) -> None:
    variables = yaml.safe_dump({"segmentloom_as_of": as_of})
    workspace.dbt("build", "--exclude-resource-type", "unit_test", "--vars", variables)
