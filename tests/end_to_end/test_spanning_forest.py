"""The macro `spanning_forest` on graphs that are hard for other algorithms."""

from __future__ import annotations

import math
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tests.workspace import REPOSITORY, Workspace

LENGTH = 4096
MATERIALIZATION = """
{% materialization forest, default %}
    {%- set scratch = namespace(relations={}, statements=0) -%}
    {%- set links = segmentloom.make_scratch(scratch, 'links', sql) -%}
    {%- set rounds = segmentloom.spanning_forest(scratch, links) -%}
    {%- do segmentloom.replace_table(this, segmentloom.forest_rows(rounds)) -%}
    {%- do log('forest of ' ~ this.identifier ~ ': ' ~ rounds | length ~ ' rounds') -%}
    {%- do segmentloom.drop_scratch(scratch) -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [this]}) }}
{% endmaterialization %}
"""
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
    """Hundreds of small graphs: cycles, trees and cliques among them."""
    random, edges = Random(seed), set()
    for graph in range(400):
        nodes = random.randrange(2, 25)
        for _ in range(random.randrange(1, 40)):
            one, other = sorted(random.sample(range(nodes), 2))
            edges.add((graph * 100 + one, graph * 100 + other))
    return sorted(edges)


GRAPHS = {
    "monotone": _path(range(LENGTH)),
    "shuffled": _path(_shuffled(1)),
    "zigzag": _path(_zigzag()),
    "bits_reversed": _path(_bits_reversed()),
    "ring": [*_path(_shuffled(2)), (_shuffled(2)[-1], _shuffled(2)[0])],
    "star": [(LENGTH, node) for node in range(LENGTH)],
    "random_graphs": _random_graphs(3),
    "no_edges": [],
}


def _places(edges: list[Edge]) -> dict[int, Edge]:
    """The edges by their place in time, in no order that the nodes know of."""
    shuffled = sorted(edges)
    Random(4).shuffle(shuffled)
    return dict(enumerate(shuffled, start=1))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with one model per graph, built."""
    workspace = Workspace.create(tmp_path_factory.mktemp("graphs") / "project")
    macros, models = workspace.path / "macros", workspace.path / "models" / "graphs"
    macros.unlink()
    shutil.copytree(REPOSITORY / "macros", macros)
    (macros / "forest.sql").write_text(MATERIALIZATION)
    models.mkdir()
    with duckdb.connect(str(workspace.path / "warehouse.duckdb")) as connection:
        connection.execute("create schema graphs")
        for name, edges in GRAPHS.items():
            links = [(min(edge), max(edge), place) for place, edge in _places(edges).items()]
            columns = zip(("left_node", "right_node", "place"), zip(*links, strict=True), strict=False)
            table = pa.table(dict(columns) or dict.fromkeys(("left_node", "right_node", "place"), ()))
            connection.register("links", table.cast(pa.schema([(c, pa.int64()) for c in table.column_names])))
            connection.execute(f"create table graphs.{name} as select * from links")
            (models / f"forest_of_{name}.sql").write_text(
                "{{ config(materialized='forest') }}\n"
                f"select left_node, right_node, place from graphs.{name}\n"
            )
    workspace.dbt("run", "--select", "path:models/graphs")
    return workspace


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_component_is_named_by_its_least_node(graph: str, built: Workspace) -> None:
    found: dict[int, set[int]] = defaultdict(set)
    for node, component in _rows(built, f"select node, component from segmentloom.forest_of_{graph}"):
        found[component].add(node)
    assert found == {min(nodes): nodes for nodes in _components(GRAPHS[graph])}


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_causes_are_the_minimum_spanning_forest(graph: str, built: Workspace) -> None:
    rows = _rows(built, f"select cause from segmentloom.forest_of_{graph} where cause is not null")
    causes = sorted(row[0] for row in rows)
    assert causes == _kruskal(_places(GRAPHS[graph]))


@pytest.mark.parametrize("graph", GRAPHS)
def test_no_graph_takes_more_rounds_than_the_logarithm_of_its_nodes(graph: str, built: Workspace) -> None:
    log = (built.path / "logs" / "dbt.log").read_text()
    [rounds] = re.findall(rf"forest of forest_of_{graph}: (\d+) rounds", log)
    largest = max((len(nodes) for nodes in _components(GRAPHS[graph])), default=2)
    assert int(rounds) <= max(1, math.ceil(math.log2(largest)))


def _kruskal(places: dict[int, Edge]) -> list[int]:
    """The places of the edges that join two trees when taken one by one."""
    trees = _Trees()
    return [place for place in sorted(places) if trees.join(*places[place])]


def _rows(workspace: Workspace, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workspace.path / "warehouse.duckdb"), read_only=True) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return rows


def _components(edges: list[Edge]) -> list[set[int]]:
    trees = _Trees()
    for one, other in edges:
        trees.join(one, other)
    groups: dict[int, set[int]] = defaultdict(set)
    for node in list(trees.parent):
        groups[trees.root(node)].add(node)
    return list(groups.values())


class _Trees:
    """Disjoint sets of nodes."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}

    def root(self, node: int) -> int:
        while self.parent.setdefault(node, node) != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def join(self, one: int, other: int) -> bool:
        """Whether they were apart."""
        first, second = self.root(one), self.root(other)
        self.parent[first] = second
        return first != second
