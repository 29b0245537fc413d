"""Makes the links of a population's identifiers, the same for the same numbers.

    benchmarks/.venv/bin/python benchmarks/links.py --links 1e7 links.parquet

Persons with devices, user ids and e-mail addresses, some devices shared by two persons, three addresses that
thousands share, and on request two long paths that are the worst for algorithms which walk: one whose keys
rise from end to end and one whose keys are in no order.

Writes (left_type, left_number, left_node, right_type, right_number, right_node), each link once, in no order.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy
import pyarrow
import pyarrow.parquet
from numpy.random import Generator
from numpy.typing import NDArray

Numbers = NDArray[numpy.int64]
LINKS_PER_PERSON = 3.193
TYPES = ["anonymous_id", "user_id", "email"]
DEVICE, USER, EMAIL = range(3)
FIRST_OF_PATHS, RISING = 10**11, 10**15


class Ends(NamedTuple):
    """One side of links: the number of each identifier among those of its type, and a key of the whole."""

    kinds: NDArray[numpy.int8]
    numbers: Numbers
    nodes: Numbers


def main() -> None:
    """Write one Parquet file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--links", type=float, default=1e6)
    parser.add_argument("--paths", type=int, default=0, help="links of each of the two paths")
    parser.add_argument("--seed", type=int, default=7)
    size = parser.parse_args()
    chance = numpy.random.default_rng(size.seed)
    sides = [population(int(size.links / LINKS_PER_PERSON), chance)]
    if size.paths:
        sides += [path(size.paths, FIRST_OF_PATHS, rising=True), path(size.paths, 2 * FIRST_OF_PATHS)]
    order = chance.permutation(sum(len(left.nodes) for left, _ in sides))
    columns = {}
    for index, side in enumerate(("left", "right")):
        parts = zip(*(ends[index] for ends in sides), strict=True)
        kinds, numbers, nodes = (numpy.concatenate(part)[order] for part in parts)
        columns[f"{side}_type"] = pyarrow.DictionaryArray.from_arrays(kinds, TYPES)
        columns[f"{side}_number"], columns[f"{side}_node"] = numbers, nodes
    pyarrow.parquet.write_table(pyarrow.table(columns), size.file)


def population(persons: int, chance: Generator) -> tuple[Ends, Ends]:
    """The links of so many persons: 2.3 devices each, 85 % with a user id, 90 % with an address."""
    owner = numpy.repeat(numpy.arange(persons), 1 + chance.poisson(1.3, persons))
    device = numpy.arange(len(owner))
    known = chance.random(persons) < 0.85
    addresses = numpy.where(chance.random(persons) < 0.9, 1 + (chance.random(persons) < 0.15), 0)
    holder = numpy.repeat(numpy.arange(persons), addresses)
    first_address = numpy.cumsum(addresses) - addresses

    signed_in = (chance.random(len(owner)) < 0.8) & known[owner]
    gave_address = (chance.random(len(owner)) < 0.35) & (addresses[owner] > 0)
    lent = chance.random(len(owner)) < 0.01
    crowd = max(50, persons // 2000)
    pairs = [
        (USER, owner[signed_in], DEVICE, device[signed_in]),
        (USER, holder[known[holder]], EMAIL, numpy.flatnonzero(known[holder])),
        (EMAIL, first_address[owner[gave_address]], DEVICE, device[gave_address]),
        (USER, chance.integers(0, persons, lent.sum()), DEVICE, device[lent]),
        (USER, chance.integers(0, persons, crowd), EMAIL, numpy.full(crowd, len(holder))),
        (EMAIL, numpy.full(crowd, len(holder) + 1), DEVICE, chance.integers(0, len(owner), crowd)),
        (EMAIL, numpy.full(crowd, len(holder) + 2), DEVICE, chance.integers(0, len(owner), crowd)),
    ]
    sides = []
    for kind, of in ((0, 1), (2, 3)):
        kinds = numpy.concatenate([numpy.full(len(pair[1]), pair[kind], numpy.int8) for pair in pairs])
        numbers = numpy.concatenate([pair[of] for pair in pairs])
        sides.append(Ends(kinds, numbers, keys(kinds, numbers)))
    once = numpy.unique(numpy.stack([side.nodes for side in sides]), axis=1, return_index=True)[1]
    left, right = (Ends(*(column[once] for column in side)) for side in sides)
    return left, right


def path(links: int, first: int, *, rising: bool = False) -> tuple[Ends, Ends]:
    """User ids and addresses in turn, each linked to the next."""
    steps = numpy.arange(links + 1)
    kinds = numpy.where(steps % 2 == 0, USER, EMAIL).astype(numpy.int8)
    nodes = RISING + steps if rising else keys(kinds, first + steps)
    whole = Ends(kinds, first + steps, nodes)
    return Ends(*(column[:-1] for column in whole)), Ends(*(column[1:] for column in whole))


def keys(kinds: NDArray[numpy.int8], numbers: Numbers) -> Numbers:
    """Whole numbers of 60 bits without an order, as of a hash (the mixing is that of splitmix64)."""
    mixed = numbers.astype(numpy.uint64) + kinds.astype(numpy.uint64) * numpy.uint64(10**12)
    mixed += numpy.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> numpy.uint64(shift))) * numpy.uint64(factor)
    mixed ^= mixed >> numpy.uint64(31)
    return (mixed & numpy.uint64((1 << 60) - 1)).astype(numpy.int64)


if __name__ == "__main__":
    main()
