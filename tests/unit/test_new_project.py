"""`init` lays out a project that dbt takes, and never touches what is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.new_project import TEMPLATES, lay_out, package_directory, project_name
from segmentloom_sync.simulators import PLATFORMS, SimulatorClock
from segmentloom_sync.simulators.lists import Matching

CLI = Path(sys.executable).parent / "segmentloom-sync"
DBT = Path(sys.executable).parent / "dbt"


def test_all_files_are_written_and_are_valid_yaml(tmp_path: Path) -> None:
    made = lay_out(tmp_path / "shop")
    assert made.name == "shop"
    assert made.kept == ()
    assert {"dbt_project.yml", "packages.yml", "profiles.yml", "segmentloom.yml", ".gitignore"} <= set(
        made.written
    )
    ignored = (tmp_path / "shop" / ".gitignore").read_text().splitlines()
    assert {"*.plan.json", "/simulators.json"} <= set(ignored), "both have profile ids or hashes"
    for name in made.written:
        if name.endswith(".yml"):
            assert yaml.safe_load((tmp_path / "shop" / name).read_text())


def test_dbt_waits_while_another_process_has_the_file(tmp_path: Path) -> None:
    project = tmp_path / "shop"
    lay_out(project)
    hold = (
        f"import duckdb, sys; held = duckdb.connect({str(project / 'warehouse.duckdb')!r});"
        "print('held', flush=True); sys.stdin.readline(); held.close()"
    )
    pipe = subprocess.PIPE
    with (
        subprocess.Popen([sys.executable, "-c", hold], stdin=pipe, stdout=pipe, text=True) as holder,
        subprocess.Popen(
            [DBT, "debug", "--connection", "--log-level", "debug"],
            cwd=project,
            stdout=pipe,
            stderr=subprocess.STDOUT,
            text=True,
        ) as dbt,
    ):
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert dbt.stdout is not None
        for line in dbt.stdout:
            if "Opening a new connection" in line:
                break
        with pytest.raises(subprocess.TimeoutExpired):
            dbt.wait(1)
        holder.communicate("\n")
        rest, _ = dbt.communicate(timeout=120)
    assert dbt.returncode == 0, rest


def test_what_exists_is_kept_byte_for_byte(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: mine\n")
    made = lay_out(tmp_path)
    assert made.kept == ("dbt_project.yml",)
    assert (tmp_path / "dbt_project.yml").read_text() == "name: mine\n"
    again = lay_out(tmp_path)
    assert again.written == ()
    assert set(again.kept) == {*made.written, *made.kept}


def test_a_packages_file_without_our_package_is_told(tmp_path: Path) -> None:
    (tmp_path / "packages.yml").write_text("packages: []\n")
    assert lay_out(tmp_path).lacks_package
    assert not lay_out(tmp_path / "other").lacks_package


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop", "shop"),
        ("My Shop-2", "my_shop_2"),
        ("2024", "project_2024"),
        ("segmentloom", "project_segmentloom"),
        ("é", "project"),
    ],
)
def test_the_folder_gives_a_name_that_dbt_takes(folder: str, name: str) -> None:
    assert project_name(Path("/tmp") / folder) == name


def test_a_folder_that_cannot_be_made_is_the_callers_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write"):
        lay_out(tmp_path / "file" / "shop")


def test_a_project_selects_by_cadence_as_this_repository_does() -> None:
    ours = (package_directory() / "selectors.yml").read_text()
    assert (TEMPLATES / "selectors.yml").read_text() == ours
    names = [selector["name"] for selector in yaml.safe_load(ours)["selectors"]]
    assert names == ["segmentloom_hourly", "segmentloom_daily"]


def test_the_package_is_found_in_a_checkout() -> None:
    assert (package_directory() / "models").is_dir()


def test_the_command_installs_the_package_and_says_what_next(tmp_path: Path) -> None:
    done = subprocess.run(
        [CLI, "init", "shop"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    assert "segmentloom-sync preview example" in done.stdout
    assert (tmp_path / "shop" / "dbt_packages" / "segmentloom" / "dbt_project.yml").is_file()
    shop = tmp_path / "shop"
    subprocess.run([CLI, "compile"], cwd=shop, capture_output=True, check=True, timeout=120)
    listed = subprocess.run(
        [DBT, "--quiet", "ls", "--selector", "segmentloom_daily", "--output", "name"],
        cwd=shop,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert {"audience_example", "segmentloom__profiles", "segmentloom__audience_membership"} <= set(
        listed.stdout.split()
    )
    again = subprocess.run(
        [CLI, "init", "shop", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    document = json.loads(again.stdout)
    assert document["written"] == []
    assert document["name"] == "shop"


def test_the_destinations_are_those_that_the_simulators_announce() -> None:
    written = yaml.safe_load((TEMPLATES / "segmentloom.yml").read_text())["destinations"]
    ports = {name: 8800 + number for number, name in enumerate(PLATFORMS)}
    for name, kind in PLATFORMS.items():
        simulator = kind(clock=SimulatorClock(), matching=Matching())
        simulator.base_url = f"http://127.0.0.1:{ports[name]}"
        assert written[name] == simulator.settings()


def test_a_packages_file_that_cannot_be_read_stops_before_anything_is_written(tmp_path: Path) -> None:
    packages = tmp_path / "packages.yml"
    packages.mkdir()
    with pytest.raises(ConfigError, match=r"cannot read .*packages\.yml: is a directory"):
        lay_out(tmp_path)
    packages.rmdir()
    packages.write_bytes(b"packages: [] # \xe9\n")
    with pytest.raises(ConfigError, match=r"cannot read .*packages\.yml: it is not UTF-8"):
        lay_out(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["packages.yml"]


def test_editors_find_the_schema_of_the_audiences(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (example,) = (tmp_path / "audiences").glob("*.yml")
    comment, _, schema = example.read_text().splitlines()[0].partition("$schema=")
    assert comment == "# yaml-language-server: "
    ours = package_directory() / "schemas" / "audience.schema.json"
    assert (example.parent / schema).read_bytes() == ours.read_bytes()
