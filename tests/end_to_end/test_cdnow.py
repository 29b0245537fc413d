"""Real purchases through the custom connector: five audiences count what plain Python counts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.end_to_end import cdnow

CLI = Path(sys.executable).parent / "segmentloom-sync"
DBT = Path(sys.executable).parent / "dbt"

pytestmark = pytest.mark.slow


class Shop:
    """A project as `init` makes it, over an existing table of purchases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = cdnow.download(folder.parent)
        run([str(CLI), "init", str(folder)], folder.parent)
        project = yaml.safe_load((folder / "dbt_project.yml").read_text())
        project["vars"]["segmentloom_sources"] = [cdnow.SOURCE]
        (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
        (folder / "audiences" / "example.yml").unlink()
        for name, text in cdnow.AUDIENCES.items():
            (folder / "audiences" / f"{name}.yml").write_text(text)
        with duckdb.connect(str(folder / "warehouse.duckdb")) as warehouse:
            warehouse.execute("create schema shop")
            warehouse.execute(cdnow.CREATE_TABLE, [str(self.file)])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True) as warehouse:
            return list(warehouse.execute(sql).fetchall())


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("cdnow") / "shop")
    run([str(CLI), "compile"], shop.folder)
    run([str(DBT), "build", "--vars", json.dumps({"segmentloom_as_of": "1998-07-01"})], shop.folder)
    return shop


def test_every_purchase_is_an_event_and_every_customer_a_profile(shop: Shop) -> None:
    found = cdnow.purchases(shop.file)
    assert len(found) == 69_659
    assert shop.rows("select count(*) from segmentloom.events") == [(69_659,)]
    assert shop.rows("select count(*) from segmentloom.profiles") == [(23_570,)]
    assert shop.rows("select count(*) from segmentloom.rejected_events") == [(0,)]
    ((total,),) = shop.rows(
        "select sum(cast(properties ->> 'total' as decimal(10, 2))) from segmentloom.events"
    )
    assert float(total) == pytest.approx(sum(purchase.total for purchase in found))


def test_the_audiences_count_what_plain_python_counts(shop: Shop) -> None:
    expected = cdnow.expected_members(cdnow.purchases(shop.file))
    counted = shop.rows("select audience, count(*) from segmentloom.audience_membership group by 1")
    assert dict(counted) == dict(expected)


@pytest.mark.parametrize("audience", list(cdnow.AUDIENCES))
def test_the_preview_counts_the_same(shop: Shop, audience: str) -> None:
    expected = cdnow.expected_members(cdnow.purchases(shop.file))
    document = json.loads(
        run([str(CLI), "preview", audience, "--as-of", "1998-07-01", "--json"], shop.folder)
    )
    assert document["members"] == expected[audience]
