"""A rival for identity: Splink's clustering of the same links, its tables of nodes and links made beforehand.

    benchmarks/.venv/bin/python benchmarks/splink_components.py LINKS MEMORY SPILL RESULT

Prints JSON: CPU seconds, the peak memory of the process and of the temporary folder in megabytes.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import duckdb
from splink import DuckDBAPI
from splink.clustering import cluster_pairwise_predictions_at_threshold

links, memory, spill, result = sys.argv[1:]
most = 0.0


def watch() -> None:
    """Keep the most that lay in the temporary folder."""
    global most
    while True:
        with suppress(OSError):
            most = max(most, sum(file.stat().st_size for file in Path(spill).iterdir()) / 2**20)
        time.sleep(0.1)


threading.Thread(target=watch, daemon=True).start()
connection = duckdb.connect(config={"memory_limit": memory, "temp_directory": spill})
connection.execute(
    "create table edges as select left_node as unique_id_l, right_node as unique_id_r"
    f" from read_parquet('{links}')"
)
connection.execute(
    "create table nodes as select unique_id_l as unique_id from edges union select unique_id_r from edges"
)
began = time.process_time()
api = DuckDBAPI(connection=connection)
tables = api.register("nodes"), api.register("edges")
clusters = cluster_pairwise_predictions_at_threshold(*tables, api, "unique_id")
cpu = time.process_time() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": cpu, "peak": peak, "spilled": most}))
connection.execute(
    f"copy (select unique_id as node, cluster_id as component from {clusters.physical_name}) to '{result}'"
)
