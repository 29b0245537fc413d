"""A rival for the sync: condor-retl's Meta connector, pointed at a simulator.

    benchmarks/.condor/bin/python benchmarks/condor_sync.py DATABASE BASE_URL LIST_ID ROWS

Its connector takes no address of the platform, so that its own transport is given another one, and always
sends 10,000 rows in a request, so that another number of ROWS is put in. Prints what the run says of itself.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any

import retl
import retl_meta.hooks
from retl.backends.duckdb import DuckDBSqlBackend
from retl.destinations.targets import RemoteTarget, TargetMapping
from retl_meta.common import META_DEFAULT_BASE_URL, RequestsMetaTransport

database, base_url, list_id, rows = sys.argv[1:]
retl_meta.hooks.MAX_CUSTOM_AUDIENCE_ROWS_PER_REQUEST = int(rows)


class Elsewhere(RequestsMetaTransport):
    """The connector's own transport, to another host."""

    def send(self, request: Any) -> Any:
        return super().send(replace(request, url=request.url.replace(META_DEFAULT_BASE_URL, base_url)))


os.environ.setdefault("DESTINATIONS__META__ACCESS_TOKEN", "simulator-token")
os.environ.setdefault("DESTINATIONS__META__AD_ACCOUNT_ID", "act_1029384756")
backend = DuckDBSqlBackend(database=database, source_schema="main", runtime_schema="retl")
members = retl.state(
    name="buyers",
    source=retl.source(
        name="members",
        mode="snapshot",
        backend=backend.source_backend(),
        query="select customer_id, identifier as email from members",
    ),
    key={"customer_id": "customer_id"},
    identifiers=[{"type": "email", "value": "email"}],
    target=retl.target("Buyers"),
)
meta = retl.destinations.load(
    "retl/meta",
    binding_name="meta",
    credential_namespace="destinations.meta",
    config_namespace="destinations.meta",
    config={"transport": Elsewhere()},
    target_mappings=(TargetMapping(logical_target="Buyers", remote=RemoteTarget(remote_id=list_id)),),
)
result = retl.runner(name="buyers", runtime_store=backend.runtime_store(), console=None).run(
    retl.sync(name="buyers", declaration=members, destination=meta, surface="custom_audiences")
)
print(f"run={result.status}", *(sync.to_text() for sync in result.syncs))
