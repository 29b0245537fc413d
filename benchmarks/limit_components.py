"""The limit of identity: scipy's connected components of the same links, names to numbers and back."""

from __future__ import annotations

import sys

import numpy
import pyarrow.parquet
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

table = pyarrow.parquet.read_table(sys.argv[1])
left, right = (table.column(index).to_numpy(zero_copy_only=False) for index in (0, 1))
names, numbers = numpy.unique(numpy.concatenate([left, right]), return_inverse=True)
ones = numpy.ones(len(left), dtype=bool)
graph = coo_matrix((ones, (numbers[: len(left)], numbers[len(left) :])), shape=(len(names), len(names)))
count, labels = connected_components(graph, directed=False)
print(count, len(names[labels]))
