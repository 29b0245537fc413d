"""Two hundred audiences over the whole grammar compile to models that dbt reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.project import ProjectFolder
from tests.oracles.audience_generator import Generator
from tests.workspace import Workspace

USED = ("staff", "buyers")
NUMBER = 200


class WithoutAliases(yaml.SafeDumper):
    """Writes a value that comes twice twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@pytest.mark.slow
def test_two_hundred_audiences_compile_and_parse(tmp_path: Path) -> None:
    generator = Generator(200)
    workspace = Workspace.create(tmp_path / "shop")
    for name in USED:
        workspace.audience(name, "match: {trait: plan, is: free}")
    for number in range(NUMBER - len(USED)):
        text = yaml.dump(generator.file(), Dumper=WithoutAliases, allow_unicode=True)
        workspace.audience(f"number_{number}", text)
    project = ProjectFolder.find(workspace.path)
    assert len(compile_audiences(project).written) == NUMBER + 1
    assert compile_audiences(project).is_up_to_date

    workspace.dbt("parse")
    nodes = json.loads((workspace.path / "target" / "manifest.json").read_text())["nodes"]
    models = [
        node for node in nodes.values() if "audience" in node["tags"] and node["resource_type"] == "model"
    ]
    assert len(models) == NUMBER
    assert all(
        node["config"]["meta"]["segmentloom_definition"].startswith("cadence: daily\nmatch:")
        for node in models
    )
    using = next(
        node for node in models if "audience: staff" in node["config"]["meta"]["segmentloom_definition"]
    )
    assert "model.segmentloom.audience_staff" in using["depends_on"]["nodes"]
