"""The limit of audiences: read the profiles' events once and count them by name and profile."""

from __future__ import annotations

import sys

import duckdb

QUERY = """
select count(*) from (
    select event, profile_id, count(*) as events, max(occurred_at) as last_at
    from segmentloom.int_segmentloom__profile_events
    group by all
)
"""
with duckdb.connect(sys.argv[1], read_only=True) as warehouse:
    print(warehouse.execute(QUERY).fetchall())
