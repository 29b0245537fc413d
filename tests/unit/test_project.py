from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project

PROFILES = """
shop:
  target: "{{ env_var('SHOP_TARGET', 'local') }}"
  outputs:
    local: {type: duckdb, path: warehouse.duckdb, schema: segmentloom}
    cloud:
      type: snowflake
      account: "{{ env_var('SHOP_ACCOUNT') }}"
      password: "{{ env_var('DBT_ENV_SECRET_SHOP') }}"
      database: analytics
      schema: "{{ env_var('SHOP_SCHEMA', 'loom') }}_x"
      port: "{{ env_var('SHOP_PORT', '443') | as_number }}"
      threads: "{{ env_var('SHOP_THREADS', '4') | int }}"
      client_session_keep_alive: "{{ env_var('SHOP_ALIVE', 'true') | as_bool }}"
    lake: {type: spark, schema: x}
    bare: {type: duckdb}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DBT_PROFILES_DIR", "DBT_PROJECT_DIR", "DBT_TARGET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text(
        "name: shop_models\nprofile: shop\nvars: {a: 1, b: 2, segmentloom: {b: 3}, other: {b: 4}}\n"
    )
    (folder / "profiles.yml").write_text(PROFILES)
    monkeypatch.chdir(folder)
    return folder


def test_it_is_found_above_the_working_directory(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "models" / "deep").mkdir(parents=True)
    monkeypatch.chdir(project / "models" / "deep")

    found = Project.find()

    assert (found.directory, found.profiles_dir) == (project, project)
    assert (found.name, found.profile, found.target, found.engine) == (
        "shop_models",
        "shop",
        "local",
        "duckdb",
    )
    assert found.schema == "segmentloom"


def test_variables_of_the_package_are_stronger_than_those_of_all(project: Path) -> None:
    assert Project.find().variables["b"] == 3
    assert Project.find().variables["a"] == 1


def test_no_project_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBT_PROJECT_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f"no dbt_project.yml in {tmp_path}"):
        Project.find()
    with pytest.raises(ConfigError, match=r"no dbt_project\.yml"):
        Project.find(tmp_path / "nowhere")


def test_profiles_are_looked_for_where_dbt_looks(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / name for name in ("given", "named", "working", "home/.dbt")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "profiles.yml").write_text(PROFILES)
    given, named, working, home = folders
    monkeypatch.chdir(working)

    monkeypatch.setenv("DBT_PROFILES_DIR", str(named))
    assert Project.find(project, given).profiles_dir == given
    assert Project.find(project).profiles_dir == named
    monkeypatch.delenv("DBT_PROFILES_DIR")
    assert Project.find(project).profiles_dir == working
    (working / "profiles.yml").unlink()
    assert Project.find(project).profiles_dir == project
    (project / "profiles.yml").unlink()
    assert Project.find(project).profiles_dir == home
    (home / "profiles.yml").unlink()
    with pytest.raises(ConfigError, match=r"no profiles\.yml"):
        Project.find(project)


def test_a_folder_named_without_profiles_is_an_error(project: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no profiles\.yml"):
        Project.find(project, tmp_path)


def test_environment_variables_fill_the_output(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_ACCOUNT", "ab12345")
    monkeypatch.setenv("DBT_ENV_SECRET_SHOP", "s3cret {{ not jinja }}")
    monkeypatch.setenv("SHOP_THREADS", "8")

    found = Project.find(target="cloud")

    assert found.engine == "snowflake"
    assert found.schema == "loom_x"
    assert found.output["account"] == "ab12345"
    assert found.output["password"] == "s3cret {{ not jinja }}"
    assert (found.output["port"], found.output["threads"]) == (443, 8)
    assert found.output["client_session_keep_alive"] is True
    assert "s3cret" not in repr(found)


def test_only_the_chosen_target_needs_its_variables(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_ACCOUNT", raising=False)
    assert Project.find().target == "local"
    with pytest.raises(ConfigError, match="SHOP_ACCOUNT"):
        Project.find(target="cloud")


def test_the_target_comes_from_flag_then_environment_then_profile(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TARGET", "bare")
    assert Project.find().target == "bare"
    monkeypatch.setenv("DBT_TARGET", "local")
    assert Project.find().target == "local"
    assert Project.find(target="bare").target == "bare"


def test_a_misspelt_target_or_profile_gets_a_suggestion(project: Path) -> None:
    with pytest.raises(ConfigError, match="'locl'") as caught:
        Project.find(target="locl")
    assert caught.value.hint == "did you mean 'local'?"

    (project / "dbt_project.yml").write_text("name: shops")
    with pytest.raises(ConfigError, match="profile 'shops'") as caught:
        Project.find()
    assert caught.value.hint == "did you mean 'shop'?"


def test_a_value_of_the_wrong_type_is_not_shown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_ACCOUNT", "a")
    monkeypatch.setenv("DBT_ENV_SECRET_SHOP", "b")
    monkeypatch.setenv("SHOP_PORT", "hunter2")
    with pytest.raises(ConfigError, match=r"'cloud\.port' has the wrong type") as caught:
        Project.find(target="cloud")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("secret", ["hunter2{{", "{{ hunter2 }}", "{{ 'hunter2' | as_secret }}"])
def test_a_literal_secret_that_is_no_template_is_not_shown(project: Path, secret: str) -> None:
    (project / "profiles.yml").write_text(
        f'shop: {{target: x, outputs: {{x: {{type: snowflake, password: "{secret}"}}}}}}'
    )
    with pytest.raises(ConfigError, match=r"cannot read the value of 'x\.password'") as caught:
        Project.find()
    error: BaseException = caught.value
    assert "hunter2" not in f"{error} {caught.value.hint}"
    assert error.__suppress_context__


def test_other_adapters_are_refused(project: Path) -> None:
    with pytest.raises(ConfigError, match="'spark'") as caught:
        Project.find(target="lake")
    assert caught.value.hint == "supported are duckdb, bigquery, snowflake"


def test_a_missing_extra_names_the_command(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_ACCOUNT", "a")
    monkeypatch.setenv("DBT_ENV_SECRET_SHOP", "b")

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib.util, "find_spec", missing)
    with pytest.raises(ConfigError) as caught:
        Project.find(target="cloud")
    assert caught.value.hint == 'pip install "segmentloom[snowflake]"'


def test_a_target_without_schema_is_an_error(project: Path) -> None:
    with pytest.raises(ConfigError, match="no `schema`"):
        _ = Project.find(target="bare").schema


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shop: [1", r"profiles\.yml:\d+:\d+: not valid YAML"),
        ("- a", "holds no settings"),
        ("shop: {target: x}", "no `outputs`"),
        ("shop: {target: x, outputs: {x: {type: duckdb, schema: \"{{ var('x') }}\"}}}", r"'x\.schema'"),
        ('shop: {target: x, outputs: {x: {type: duckdb, schema: "{{ oops"}}}', "cannot read"),
    ],
)
def test_a_wrong_profiles_file_is_one_clear_message(project: Path, text: str, message: str) -> None:
    (project / "profiles.yml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        Project.find()


@pytest.mark.parametrize(
    ("file", "text", "key"),
    [
        ("profiles.yml", "shop: {target: [a], outputs: {a: {type: duckdb}}}", "target"),
        ("dbt_project.yml", "{name: shop, profile: [a]}", "profile"),
        ("dbt_project.yml", "{name: shop, profile: shop, vars: [1]}", "vars"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(project: Path, file: str, text: str, key: str) -> None:
    (project / file).write_text(text)
    with pytest.raises(ConfigError, match=f"{file}: `{key}` must be"):
        Project.find()
