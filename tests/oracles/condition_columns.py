"""Where the answer to each condition stands, from what dbt knows of the audiences' models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.oracles.audience_generator import leaves

Leaf = Mapping[str, Any]


def compiled_leaves(project: Path) -> dict[str, list[Leaf]]:
    """The leaf conditions of each audience, those of match first, as the models have them."""
    nodes = json.loads((project / "target" / "manifest.json").read_text())["nodes"].values()
    metas = [node["config"]["meta"] for node in nodes if node["resource_type"] == "model"]
    return {
        meta["segmentloom_audience"]: [
            *leaves(meta["segmentloom_rule"]["match"]),
            *leaves(meta["segmentloom_rule"].get("exclude", {"all": []})),
        ]
        for meta in metas
        if "segmentloom_rule" in meta
    }


def condition_columns(project: Path) -> dict[str, Leaf]:
    """The columns of `int_segmentloom__conditions` but the profile's, and what each answers."""
    return {
        column_of(leaf): leaf
        for of_audience in compiled_leaves(project).values()
        for leaf in of_audience
        if "audience" not in leaf
    }


def column_of(leaf: Leaf) -> str:
    """The column of a leaf condition, given as the model has it."""
    return f"c_{digest(json.dumps(leaf, sort_keys=True))[:16]}"


def digest(text: str) -> str:
    """MD5."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
