"""What is live must not move while a shadow is compared with it, and sources cannot be held still."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmentloom_sync.errors import TryAgainLater
from segmentloom_sync.identity.state import read_progress
from segmentloom_sync.project import Project
from segmentloom_sync.shadow.live import require_unmoved, warn_of_sources
from tests.identity_tables import Town
from tests.workspace import Workspace

CHANGES = "int_segmentloom__profile_changes"
SOURCE = {"kind": "custom", "relation": "shop.orders", "columns": {"loaded_at": "loaded"}}


def built() -> Town:
    town = Town.open()
    town.see("user_id:ann")
    town.build()
    return town


def add(town: Town, consumer: str, entry: int, generation: str, batch: int, rules: str = "") -> None:
    town.connection.execute(
        "insert into int_segmentloom__progress values ($1, $2, $3, $4, $5, null, null)",
        [consumer, entry, generation, batch, rules],
    )


def test_of_a_model_the_latest_entry_counts() -> None:
    town = Town.open()
    add(town, CHANGES, 2, "two", 1, "b")
    add(town, CHANGES, 1, "one", 9, "a")
    add(town, "segmentloom__profiles", 1, "two", 1)
    assert read_progress(town.warehouse) == {
        CHANGES: ("two", 1, "b"),
        "segmentloom__profiles": ("two", 1, ""),
    }
    add(town, "segmentloom__profiles", 2, "", 0)
    assert read_progress(town.warehouse) == {CHANGES: ("two", 1, "b")}


@pytest.mark.parametrize(
    "entry",
    [
        (CHANGES, 2, "one", 2),
        (CHANGES, 2, "two", 1),
        (CHANGES, 2, "one", 1, "other"),
        (CHANGES, 2, "", 0),
        ("segmentloom__events", 1, "one", 1),
    ],
)
def test_a_build_in_between_ends_the_comparison(entry: tuple[str, int, str, int]) -> None:
    town = built()
    before = read_progress(town.warehouse)
    require_unmoved(town.warehouse, before)
    add(town, *entry)
    with pytest.raises(TryAgainLater, match=f"a build has changed {entry[0]} meanwhile"):
        require_unmoved(town.warehouse, before)


def test_the_same_entry_again_is_no_move() -> None:
    town = built()
    before = read_progress(town.warehouse)
    add(town, CHANGES, 2, "one", 1)
    require_unmoved(town.warehouse, before)


@pytest.mark.parametrize("sources", [[], [{"name": "crm", **SOURCE}, {"name": "shop", **SOURCE}]])
def test_configured_sources_are_named_as_a_limit(
    tmp_path: Path, sources: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace.create(tmp_path / "shop", variables={"segmentloom_sources": sources})
    warn_of_sources(Project.find(workspace.path, workspace.path))
    said = capsys.readouterr().err
    wanted = "warning: crm, shop: a configured source is read as it is now" if sources else ""
    assert said[: len(wanted) or None] == wanted
