"""Rules of CONTRIBUTING.md that a machine can check."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LIMITS = {("segmentloom_sync", ".py"): 330, ("macros", ".sql"): 110, ("models", ".sql"): 120}
"""A tenth or more above what CONTRIBUTING.md asks for, which is "about"."""


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [REPOSITORY / line for line in listed.stdout.splitlines() if (REPOSITORY / line).is_file()]


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc)(_|$)")
    assert [path for path in tracked() if drawers.search(path.stem)] == []


def test_files_are_small_enough_to_be_understood() -> None:
    too_long = [
        f"{path.relative_to(REPOSITORY)}: {lines}"
        for path in tracked()
        for (folder, suffix), limit in LIMITS.items()
        if path.relative_to(REPOSITORY).parts[0] == folder and path.suffix == suffix
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > limit
    ]
    assert too_long == []


def test_nothing_is_left_to_do_in_the_code() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [
        str(path.relative_to(REPOSITORY))
        for path in tracked()
        if path.suffix in {".py", ".sql", ".yml"} and marks.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_only_the_places_for_it_know_the_engines() -> None:
    engines = re.compile(r"\b(duckdb|bigquery|snowflake)__\w+|target\.type|adapter\.type\(\)")
    found = [
        str(path.relative_to(REPOSITORY))
        for path in tracked()
        if path.relative_to(REPOSITORY).parts[0] in {"models", "macros"}
        and "cross_db" not in path.parts
        and path.suffix == ".sql"
        and engines.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_path_of_a_developers_machine_is_in_a_file() -> None:
    private = re.compile(r"(?<![\w.])/(home|Users|root|work)/\w")
    found = [
        str(path.relative_to(REPOSITORY))
        for path in tracked()
        if path.suffix in {".py", ".sql", ".yml", ".md", ".toml", ".json"}
        and private.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
