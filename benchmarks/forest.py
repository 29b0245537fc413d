"""A dbt project with the contraction of identity alone, on links of one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import yaml
from measure import measure

HERE = Path(__file__).resolve().parent
PROJECT = {
    "name": "segmentloom",
    "version": "1.0.0",
    "profile": "benchmark",
    "macro-paths": ["macros", "materializations"],
    "flags": {"send_anonymous_usage_stats": False},
}


class Contracted(NamedTuple):
    """What the contraction of one graph took."""

    cpu: float
    rounds: int
    statements: int
    peak: float
    spilled: float


class Forest:
    """The project: tables of links go in, tables of (node, component, cause) come out."""

    def __init__(self, folder: Path, memory: str = "8GB") -> None:
        """Make it.

        Args:
            memory: DuckDB's memory_limit.
        """
        self.warehouse, self._project = folder / "links.duckdb", folder / "forest"
        self._spill = folder / "spill"
        for made in ("models", "materializations"):
            (self._project / made).mkdir(parents=True)
        (self._project / "macros").symlink_to(HERE.parent / "macros")
        (self._project / "materializations" / "spanning_forest.sql").symlink_to(HERE / "spanning_forest.sql")
        self._spill.mkdir()
        options = {"memory_limit": memory, "temp_directory": str(self._spill)}
        output = {"type": "duckdb", "path": str(self.warehouse), "schema": "main", "config_options": options}
        profiles = {"benchmark": {"target": "duckdb", "outputs": {"duckdb": output}}}
        (self._project / "dbt_project.yml").write_text(yaml.safe_dump(PROJECT))
        (self._project / "profiles.yml").write_text(yaml.safe_dump(profiles))

    def contract(self, graphs: dict[str, str]) -> dict[str, Contracted]:
        """Contract graphs, one after the other: name -> query of (left_node, right_node, place)."""
        models = self._project / "models"
        for name, links in graphs.items():
            config = "{{ config(materialized='spanning_forest') }}"
            (models / f"{name}.sql").write_text(f"{config}\n{links}\n")
        program: list[str | Path] = [sys.executable, HERE / "dbt_nodes.py", "--spill", self._spill]
        command = [*program, "run", "--threads", "1", "--profiles-dir", "."]
        output = measure(command, self._project).output
        for name in graphs:
            (models / f"{name}.sql").unlink()
        taken = json.loads(output.splitlines()[-1])
        counts = {name: (int(rounds), int(sent)) for _, name, rounds, sent in map(str.split, taken["logged"])}
        return {
            name: Contracted(taken["nodes"][name]["cpu"], *counts[name], taken["peak"], taken["spilled"])
            for name in graphs
        }

    def execute(self, sql: str, *values: Any) -> list[Any]:
        """Run a statement in the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(f"set temp_directory = '{self._spill}'")
            found: list[Any] = connection.execute(sql, list(values)).fetchall()
        return found
