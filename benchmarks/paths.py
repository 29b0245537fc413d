"""How many rounds and statements identity takes on long paths, in five orders.

    python benchmarks/paths.py

A path is the graph that is worst for algorithms which pass labels from neighbour to neighbour: they need a
round per link. The order in which its links came decides how deep the trees of a round are. The bound is
ceil(log2) of the nodes, whatever the order.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from forest import Forest

Order = Callable[[int], list[int]]


def rising(nodes: int) -> list[int]:
    """From one end to the other."""
    return list(range(nodes))


def shuffled(nodes: int) -> list[int]:
    """In no order, always the same."""
    return random.Random(1).sample(range(nodes), nodes)


def zigzag(nodes: int) -> list[int]:
    """From both ends in turn."""
    return [step // 2 if step % 2 == 0 else nodes - 1 - step // 2 for step in range(nodes)]


def reversed_bits(nodes: int) -> list[int]:
    """As far from the ones before as can be."""
    width = (nodes - 1).bit_length()
    return [int(format(step, f"0{width}b")[::-1], 2) for step in range(nodes)]


def alternating(nodes: int) -> list[int]:
    """All even ones first."""
    return [step if step % 2 == 0 else nodes + step for step in range(nodes)]


ORDERS: list[Order] = [rising, shuffled, zigzag, reversed_bits, alternating]


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--longest", type=int, default=100_000)
    longest = parser.parse_args().longest
    lengths = [length for length in (100, 1_000, 10_000, 100_000, 1_000_000) if length <= longest]
    print(f"{'links':>10}{'bound':>7}  " + "".join(f"{order.__name__:>20}" for order in ORDERS))
    with tempfile.TemporaryDirectory() as folder:
        for length in lengths:
            print_row(Path(folder) / str(length), length)


def print_row(folder: Path, length: int) -> None:
    """Contract the paths of one length; raises AssertionError for a wrong answer or a round too many."""
    folder.mkdir()
    forest = Forest(folder)
    graphs = {}
    for order in ORDERS:
        numbers, file = order(length + 1), folder / f"{order.__name__}.parquet"
        columns = {"left_node": numbers[:-1], "right_node": numbers[1:], "place": numbers[:-1]}
        pq.write_table(pa.table(columns), file)
        graphs[f"path_{order.__name__}"] = f"select * from read_parquet('{file}')"
    contracted, bound = forest.contract(graphs), math.ceil(math.log2(length + 1))
    for name, one in contracted.items():
        found = f"select count(*), count(distinct component), count(distinct cause) from {name}"
        assert forest.execute(found) == [(length + 1, 1, length)], f"{name} of {length} came out wrong"
        assert one.rounds <= bound, f"{name} of {length} took {one.rounds} rounds"
    shown = "".join(f"{f'{one.rounds} rounds {one.statements:>3}':>20}" for one in contracted.values())
    print(f"{length:>10,}{bound:>7}  {shown}", flush=True)


if __name__ == "__main__":
    main()
