"""The limit of identity: scipy's connected components of the same links, names to numbers and back.

    benchmarks/.venv/bin/python benchmarks/limit_components.py LINKS [RESULT]

Prints JSON: CPU seconds by part and in all, Python's start and its imports not among them, and the peak
memory in megabytes. The result is a table of DuckDB, as it is for whom it is compared with.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import duckdb
import numpy
import pyarrow
import pyarrow.parquet
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

clock = [time.process_time()]
columns = pyarrow.parquet.read_schema(sys.argv[1]).names
ends = ["left_node", "right_node"] if "left_node" in columns else columns[:2]
table = pyarrow.parquet.read_table(sys.argv[1], columns=ends)
left, right = (table.column(name).to_numpy() for name in ends)
clock.append(time.process_time())
names, numbers = numpy.unique(numpy.concatenate([left, right]), return_inverse=True)
clock.append(time.process_time())
ones = numpy.ones(len(left), dtype=bool)
graph = coo_matrix((ones, (numbers[: len(left)], numbers[len(left) :])), shape=(len(names), len(names)))
count, labels = connected_components(graph, directed=False)
clock.append(time.process_time())
result = pyarrow.table({"node": names, "component": labels})
connection = duckdb.connect()
connection.execute("create table components as select * from result")
clock.append(time.process_time())
parts = dict(zip(("read", "map", "connect", "write"), numpy.diff(clock).tolist(), strict=True))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({**parts, "cpu": sum(parts.values()), "peak": peak, "components": int(count)}))
if len(sys.argv) > 2:
    pyarrow.parquet.write_table(result, sys.argv[2])
