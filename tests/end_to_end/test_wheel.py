"""The wheel alone, in an empty environment, is enough: it carries the dbt package and what `init` needs."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"
EVENT = {"type": "page", "user_id": "u1", "context": {"traits": {"email": "a@example.com"}}}


def run(command: list[str | Path], folder: Path, *, accept: int = 0) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == accept, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run([UV, "build", "--quiet", "--wheel", "--out-dir", folder, REPOSITORY], REPOSITORY)
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_carries_the_package_and_no_examples_of_ours(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    package = "segmentloom_sync/dbt_package"
    folders = ("macros", "models", "seeds")
    files = [
        path.relative_to(REPOSITORY) for folder in folders for path in (REPOSITORY / folder).rglob("*.*")
    ]
    wanted = [path for path in files if path.parts[:2] != ("models", "audiences")]
    expected = {f"{package}/{path.as_posix()}" for path in (*wanted, Path("dbt_project.yml"))}
    assert {name for name in names if name.startswith(package)} == expected


@pytest.mark.slow
def test_a_new_user_gets_from_the_wheel_to_a_preview(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    run([UV, "venv", "--quiet", "--python", sys.executable, environment], tmp_path)
    python = environment / "bin" / "python"
    lock = REPOSITORY / "requirements.lock"
    run([UV, "pip", "install", "--quiet", "--python", python, wheel, "--constraint", lock], tmp_path)
    program = environment / "bin" / "segmentloom-sync"
    run([program, "init", "shop"], tmp_path)
    shop = tmp_path / "shop"
    (shop / "events.jsonl").write_text(json.dumps(EVENT) + "\n")
    run([program, "load", "events.jsonl"], shop)
    run([environment / "bin" / "dbt", "build"], shop)
    assert run([program, "preview", "example"], shop).startswith("example: 1 member as of")
    assert run([program, "compile", "--check"], shop, accept=1) == ""
