"""A throw-away Segmentloom project for tests: the repository's dbt code, its own warehouse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.warm_dbt import WarmDbt

REPOSITORY = Path(__file__).resolve().parent.parent
DBT = Path(sys.executable).parent / "dbt"
CLI = Path(sys.executable).parent / "segmentloom-sync"
TIMEOUT_SECONDS = 600


def duckdb_output(path: Path) -> dict[str, Any]:
    """A profile output for a plain DuckDB file."""
    return {
        "type": "duckdb",
        "path": str(path),
        "schema": "segmentloom",
        "threads": 2,
        "config_options": {"storage_compatibility_version": "v1.5.0"},
    }


@dataclass(frozen=True)
class Workspace:
    """One project folder with its own profiles.yml; make it with `Workspace.create`."""

    path: Path

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        output: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Workspace:
        """Lay the project out in `path`; `output` is the profile's output (default: a DuckDB file there)."""
        path.mkdir(parents=True, exist_ok=True)
        for folder in ("macros", "seeds"):
            (path / folder).symlink_to(REPOSITORY / folder)
        for entry in (REPOSITORY / "models").rglob("*.*"):  # dbt does not follow links to folders
            if entry.parent.name != "audiences":
                link = path / entry.relative_to(REPOSITORY)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(entry)
        (path / "models" / "audiences").mkdir(parents=True)
        (path / "audiences").mkdir()
        project = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())
        project["vars"].update(variables or {})
        (path / "dbt_project.yml").write_text(yaml.safe_dump(project))
        profile = {
            "target": "test",
            "outputs": {"test": dict(output or duckdb_output(path / "warehouse.duckdb"))},
        }
        (path / "profiles.yml").write_text(yaml.safe_dump({"segmentloom": profile}))
        return cls(path)

    def audience(self, name: str, text: str) -> None:
        """Write `audiences/<name>.yml`."""
        (self.path / "audiences" / f"{name}.yml").write_text(text)

    def dbt(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run dbt in the project."""
        done = WarmDbt.started().run(
            ["--no-use-colors", *arguments], self.path, self._environment(), TIMEOUT_SECONDS
        )
        return self._checked(done, check)

    def cli(
        self, *arguments: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `segmentloom-sync` in the project."""
        return self._run(str(CLI), *arguments, check=check, **environment)

    def json(self, *arguments: str, **environment: str) -> dict[str, Any]:
        """Run `segmentloom-sync ... --json` and read what it printed."""
        document = json.loads(self.cli(*arguments, "--json", check=True, **environment).stdout)
        assert isinstance(document, dict)
        return document

    def _run(
        self, program: str, *arguments: str, check: bool, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [program, *arguments],
            cwd=self.path,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
            env=self._environment(**environment),
        )
        return self._checked(done, check)

    @staticmethod
    def _environment(**more: str) -> dict[str, str]:
        return {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1", **more}

    @staticmethod
    def _checked(done: subprocess.CompletedProcess[str], check: bool) -> subprocess.CompletedProcess[str]:
        if check and done.returncode != 0:
            command = " ".join(done.args)
            raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done
