"""The sync's own tables, in `S_sync`: what each list may hold, what was planned, sent and answered."""

from __future__ import annotations

from collections.abc import Mapping

from segmentloom_sync.privacy import tables as privacy
from segmentloom_sync.warehouse.base import Columns, Warehouse

LEDGER: Columns = {
    "destination": "string",
    "list_id": "string",
    "list_name": "string",
    "audience": "string",
    "identifier_type": "string",
    "identifier": "string",
    "state": "string",  # pending, sent, accepted, rejected, removing
    "updated_at": "timestamp",
    "fencing_token": "integer",
    "member_key": "string",  # the profile whose identifiers travel together
    "run_id": "string",
    "batch_number": "integer",
    "last_added_at": "timestamp",
    "may_hold": "boolean",  # an earlier call may have put it on the list, whatever the state says now
    "reason": "string",
    "overtaken_run_id": "string",  # of the addition that a removal did not wait for: it has to be repeated
    "overtaken_batch_number": "integer",
    "unexplained_failures": "integer",  # of the requests that held it, in a row: no reason was told
}
"""One row per list and identifier that the list may hold. A row goes only when the platform has confirmed
the removal, or when the identifier can never have been there."""

LISTS: Columns = {
    "destination": "string",
    "list_name": "string",
    "list_id": "string",
    "audience": "string",
    "is_created": "boolean",  # by us, as opposed to found
    "recorded_at": "timestamp",
    "target": "string",  # the dbt target that the list is bound to
    "place": "string",  # database and schema of these tables at the time
    "bound_by": "string",  # who took the list over from another target
}
"""One row per list, and one more each time that a person binds it anew; of several the newest counts."""

ACCOUNTS: Columns = {
    "destination": "string",
    "list_id": "string",
    "destination_type": "string",
    "account": "string",  # as the platform names it; of a webhook the host and a digest of the URL
}
"""One row per list of a destination that names its account."""

RUNS: Columns = {
    "run_id": "string",
    "audience": "string",
    "destination": "string",
    "list_name": "string",
    "list_id": "string",
    "fencing_token": "integer",
    "evaluated_at": "timestamp",
    "started_at": "timestamp",
    "finished_at": "timestamp",
    "adds": "integer",
    "removes": "integer",
    "members_added": "integer",
    "members_removed": "integer",
    "accepted": "integer",
    "rejected": "integer",
    "unknown": "integer",
    "status": "string",  # running, ok, held, partial, failed, retry_later
    "message": "string",
    "released_by": "string",
    "is_given_up": "boolean",  # the destination did not answer, and is asked once by the next run
    "only_opt_outs": "boolean",  # the run took other lists, and removed only opt-outs from this one
}

BATCHES: Columns = {
    "run_id": "string",
    "batch_number": "integer",
    "part": "integer",  # a batch that was halved has one row per request that the platform took
    "destination": "string",
    "list_id": "string",
    "operation": "string",
    "members": "integer",
    "identifiers": "integer",
    "accepted": "integer",
    "rejected": "integer",
    "unknown": "integer",
    # planned, sending, done, unknown, abandoned
    # or, asynchronous: processing, confirmed, partial, failed, again (failed, but that passes), expired
    "state": "string",
    "request_id": "string",
    "started_at": "timestamp",
    "finished_at": "timestamp",
    "poll_at": "timestamp",
    "message": "string",
}

MATCH_RATES: Columns = {
    "destination": "string",
    "list_id": "string",
    "list_name": "string",
    "audience": "string",
    "observed_at": "timestamp",
    "kind": "string",
    "source": "string",
    "identifier_type": "string",
    "lower_bound": "number",
    "upper_bound": "number",
    "matched": "integer",
    "submitted": "integer",
    "request_id": "string",
}

IDENTIFIER_COUNTS: Columns = {
    "destination": "string",
    "list_name": "string",
    "audience": "string",
    "run_id": "string",
    "observed_at": "timestamp",
    "identifier_type": "string",
    "members": "integer",  # that may be sent
    "usable": "integer",  # of them have an identifier of the kind
    # and why the others have none
    "missing": "integer",
    "malformed": "integer",
    "placeholder": "integer",
    "double_hashed": "integer",
    "no_country_code": "integer",
}

IN_STEP: Columns = {
    "destination": "string",
    "list_id": "string",
    "list_name": "string",
    "audience": "string",
    "run_id": "string",
    "fencing_token": "integer",
    "basis": "string",  # a digest of where profiles, hashes, privacy requests and settings stood
    "evaluated_at": "timestamp",
    "members": "integer",
    "logged": "integer",  # entries of the membership log of the audience
    "identifiers": "integer",  # in the ledger of the list
    "recorded_at": "timestamp",
}
"""One row per list whose last run left nothing open: the next one looks at what changed since."""

REPLACEMENTS: Columns = {
    "destination": "string",
    "list_id": "string",
    "list_name": "string",
    "audience": "string",
    "run_id": "string",  # that began it
    "requested_by": "string",
    "started_at": "timestamp",
    "added_before": "timestamp",  # whose last addition was before this is removed in the end
    "fencing_token": "integer",  # of the run that began it: what later ones accepted was sent anew
    "all_sent_at": "timestamp",  # since when nobody of before is left to be sent anew; null while one is
    "state": "string",  # sending, asked, done, dropped (the list is gone)
    "request_id": "string",
    "asked_at": "timestamp",
    "poll_at": "timestamp",
    "finished_at": "timestamp",
    "message": "string",
}
"""One row per replacement of all that a list holds; of a list at most one is not finished."""

LEASES: Columns = {
    "lease_key": "string",
    "holder": "string",
    "host": "string",
    "pid": "integer",
    "fencing_token": "integer",
    "taken_at": "timestamp",
    "expires_at": "timestamp",
}

ENVIRONMENTS: Columns = {
    "environment_id": "string",
    "place": "string",
    "recorded_at": "timestamp",
}
"""One row for the database and schema of these tables; a copy of them gets another one."""

TABLES: Mapping[str, Columns] = {
    "ledger": LEDGER,
    "lists": LISTS,
    "accounts": ACCOUNTS,
    "runs": RUNS,
    "batches": BATCHES,
    "match_rates": MATCH_RATES,
    "identifier_counts": IDENTIFIER_COUNTS,
    "in_step": IN_STEP,
    "replacements": REPLACEMENTS,
    "leases": LEASES,
    "environments": ENVIRONMENTS,
}


def ensure_tables(warehouse: Warehouse) -> None:
    """Create what is missing, here and in `S_privacy`; never drops or empties anything."""
    for name, columns in TABLES.items():
        warehouse.ensure_table(name, "sync", columns)
    privacy.ensure_tables(warehouse)


def has_tables(warehouse: Warehouse) -> bool:
    """Whether `ensure_tables` has nothing to create."""
    return all(warehouse.exists(name, "sync") for name in TABLES) and all(
        warehouse.exists(name, "privacy") for name in privacy.TABLES
    )
