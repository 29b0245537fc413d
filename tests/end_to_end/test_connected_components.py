"""The materialization `connected_components` on graphs that are hard for other algorithms."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tests.workspace import Workspace

LENGTH = 4096
Edge = tuple[int, int]


def _path(order: Iterable[int]) -> list[Edge]:
    nodes = list(order)
    return list(pairwise(nodes))


def _shuffled(seed: int) -> list[int]:
    nodes = list(range(LENGTH))
    Random(seed).shuffle(nodes)
    return nodes


def _zigzag() -> list[int]:
    half = LENGTH // 2
    return [node for pair in zip(range(half), range(LENGTH - 1, half - 1, -1), strict=True) for node in pair]


def _bits_reversed() -> list[int]:
    return [int(f"{node:012b}"[::-1], 2) for node in range(LENGTH)]


def _random_graphs(seed: int) -> list[Edge]:
    """Hundreds of small graphs: cycles, trees, cliques, loops and repeated edges among them."""
    random, edges = Random(seed), []
    for graph in range(400):
        nodes = random.randrange(1, 25)
        for _ in range(random.randrange(1, 40)):
            edges.append((graph * 100 + random.randrange(nodes), graph * 100 + random.randrange(nodes)))
    return edges


GRAPHS = {
    "monotone": _path(range(LENGTH)),
    "shuffled": _path(_shuffled(1)),
    "zigzag": _path(_zigzag()),
    "bits_reversed": _path(_bits_reversed()),
    "ring": [*_path(_shuffled(2)), (_shuffled(2)[-1], _shuffled(2)[0])],
    "star": [(LENGTH, node) for node in range(LENGTH)],
    "random_graphs": _random_graphs(3),
    "no_edges": [],
    "only_loops": [(1, 1), (2, 2)],
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with one model per graph, and one that may take a single round only."""
    workspace = Workspace.create(tmp_path_factory.mktemp("graphs") / "project")
    folder = workspace.path / "models" / "graphs"
    folder.mkdir()
    with duckdb.connect(str(workspace.path / "warehouse.duckdb")) as connection:
        connection.execute("create schema graphs")
        for name, edges in GRAPHS.items():
            table = pa.table({"left_node": [e[0] for e in edges], "right_node": [e[1] for e in edges]})
            connection.register("edges", table.cast(pa.schema([(c, pa.int64()) for c in table.column_names])))
            connection.execute(f"create table graphs.{name} as select * from edges")
            _model(folder, name, name)
    return workspace


@pytest.fixture(scope="module")
def built(workspace: Workspace) -> Workspace:
    """The same, built."""
    workspace.dbt("run", "--select", "path:models/graphs")
    return workspace


def _model(folder: Path, name: str, graph: str, **meta: int) -> None:
    config = f"{{{{ config(materialized='connected_components', meta={meta}) }}}}\n"
    (folder / f"components_of_{name}.sql").write_text(
        f"{config}select left_node, right_node from graphs.{graph}\n"
    )


@pytest.mark.parametrize("graph", GRAPHS)
def test_nodes_share_a_component_when_a_path_joins_them(graph: str, built: Workspace) -> None:
    found: dict[int, set[int]] = defaultdict(set)
    for node, component in _rows(built, f"select node, component from segmentloom.components_of_{graph}"):
        found[component].add(node)
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, _components(GRAPHS[graph])))
    assert all(component in nodes for component, nodes in found.items())


@pytest.mark.parametrize("graph", GRAPHS)
def test_no_graph_takes_more_rounds_than_the_logarithm_of_its_nodes(graph: str, built: Workspace) -> None:
    log = (built.path / "logs" / "dbt.log").read_text()
    ((rounds, statements),) = re.findall(rf"components_of_{graph}: (\d+) rounds, (\d+) statements", log)
    largest = max((len(nodes) for nodes in _components(GRAPHS[graph])), default=2)
    assert int(rounds) <= max(1, math.ceil(math.log2(largest)))
    jumps = math.ceil(math.log(largest, 4)) + 1
    assert int(statements) <= 2 + int(rounds) * (7 + 2 * jumps)


def test_scratch_tables_are_dropped(built: Workspace) -> None:
    tables = "select table_name from information_schema.tables where table_schema = 'segmentloom'"
    assert sorted(row[0] for row in _rows(built, tables)) == sorted(
        f"components_of_{graph}" for graph in GRAPHS
    )


def test_a_second_build_replaces_the_table(built: Workspace) -> None:
    before = _rows(built, "from segmentloom.components_of_shuffled order by all")
    built.dbt("run", "--select", "components_of_shuffled")
    assert _rows(built, "from segmentloom.components_of_shuffled order by all") == before


def test_a_graph_that_does_not_converge_fails_and_keeps_the_last_table(built: Workspace) -> None:
    before = _rows(built, "from segmentloom.components_of_shuffled order by all")
    folder = built.path / "models" / "graphs"
    _model(folder, "shuffled", "shuffled", most_rounds=1)
    try:
        done = built.dbt("run", "--select", "components_of_shuffled", check=False)
    finally:
        _model(folder, "shuffled", "shuffled")
    assert done.returncode == 1
    assert "components_of_shuffled did not converge in 1 rounds; the last good table is kept" in done.stdout
    assert _rows(built, "from segmentloom.components_of_shuffled order by all") == before


def _rows(workspace: Workspace, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workspace.path / "warehouse.duckdb"), read_only=True) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return rows


def _components(edges: list[Edge]) -> list[set[int]]:
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in edges:
        if one != other:
            parent[root(one)] = root(other)
    groups: dict[int, set[int]] = defaultdict(set)
    for node in parent:
        groups[root(node)].add(node)
    return list(groups.values())
