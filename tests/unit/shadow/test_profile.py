"""The profile of a shadow: the same target, another schema, no secret written out."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project
from segmentloom_sync.shadow.profile import shadow_profiles, shadow_schema
from segmentloom_sync.shadow.view import shadowed
from tests.identity_tables import Town

PROFILES = """
config: {send_anonymous_usage_stats: false}
other: {outputs: {dev: {type: duckdb, path: other.duckdb, password: other}}}
shop:
  target: "{{ env_var('NO_SUCH_VARIABLE', 'dev') }}"
  outputs:
    dev:
      type: duckdb
      path: shop.duckdb
      schema: "{{ env_var('SHOP_SCHEMA') }}"
      token: "{{ env_var('TOKEN') }}"
    prod: {type: duckdb, path: prod.duckdb, schema: prod}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    (tmp_path / "profiles.yml").write_text(PROFILES)
    monkeypatch.setenv("SHOP_SCHEMA", "people")
    monkeypatch.setenv("TOKEN", "secret")
    return Project.find(tmp_path, tmp_path)


def test_the_target_is_the_same_but_for_its_schema(project: Project) -> None:
    with shadow_profiles(project) as folder:
        file = folder / "profiles.yml"
        text = file.read_text()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()
    assert "secret" not in text
    assert yaml.safe_load(text) == {
        "shop": {
            "target": "dev",
            "outputs": {
                "dev": {
                    "type": "duckdb",
                    "path": "shop.duckdb",
                    "schema": "people_plan",
                    "token": "{{ env_var('TOKEN') }}",
                }
            },
        }
    }
    assert shadow_schema(project) == "people_plan"


def test_bigquerys_other_name_of_a_schema_goes(project: Project) -> None:
    file = project.profiles_dir / "profiles.yml"
    file.write_text(PROFILES.replace("schema: \"{{ env_var('SHOP_SCHEMA') }}\"", "dataset: people"))
    with shadow_profiles(project) as folder:
        output = yaml.safe_load((folder / "profiles.yml").read_text())["shop"]["outputs"]["dev"]
    assert output["schema"] == "people_plan"
    assert "dataset" not in output


@pytest.mark.parametrize("text", ["shop: {}", "shop: {outputs: {dev: 1}}", "[", ""])
def test_a_profile_that_has_changed_meanwhile_is_refused(project: Project, text: str) -> None:
    (project.profiles_dir / "profiles.yml").write_text(text)
    with pytest.raises(ConfigError, match="was changed meanwhile"), shadow_profiles(project):
        pass


def test_a_view_has_the_shadow_in_place_of_the_live_and_the_rest_as_it_is() -> None:
    warehouse = Town.open().warehouse
    view = shadowed(warehouse)
    assert view.schema == "segmentloom_plan"
    assert view.relation("profiles") == '"memory"."segmentloom_plan"."profiles"'
    assert view.relation("ledger", "sync") == warehouse.relation("ledger", "sync")
    assert (view.exists("profiles"), warehouse.exists("profiles")) == (False, True)
    warehouse.ensure_table("profiles", "plan", {"profile_id": "string"})
    assert view.exists("profiles")
    assert view.rows(f"select * from {view.relation('profiles')}") == []
    warehouse.drop_schema("plan")
    warehouse.drop_schema("plan")
    assert not view.exists("profiles")
    assert warehouse.exists("profiles")
