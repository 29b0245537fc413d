"""What became of the calls that a library was given: where each is in the spool, and in the events."""

from __future__ import annotations

from collections import Counter, defaultdict

import duckdb
from prometheus_client.parser import text_string_to_metric_families

from tests.collector.faulty_proxy import DROP, DROP_ANSWER, PASS
from tests.collector.running import RunningCollector, records
from tests.workspace import Workspace

PLAN = ("500", PASS, "429", DROP, PASS, DROP_ANSWER, "503", PASS)
"""What the network does with one request after the other."""
SOUND = (PASS,)
"""Nothing fails."""


def distinct_events(collector: RunningCollector) -> int:
    """How many events a running collector has taken, those that came again left out; by its own metrics."""
    counts: Counter[str] = Counter()
    for family in text_string_to_metric_families(collector.send("GET", "/metrics").body.decode()):
        for sample in family.samples:
            counts[sample.name.removeprefix("segmentloom_collector_")] += int(sample.value)
    return counts["events_accepted_total"] - counts["events_repeated_total"]


def assert_each_call_is_in_the_spool(collector: RunningCollector, calls: int) -> None:
    """End the collector and look through its spool.

    Raises:
        AssertionError: a call is not there, or it has come with two ids.
    """
    collector.stop()
    ids = defaultdict(set)
    for record in records(collector.spool):
        event = record["event"]
        if event["type"] != "track":
            continue
        ids[event["properties"]["number"]].add(event["messageId"])
    assert sorted(ids) == list(range(calls))
    assert {len(one) for one in ids.values()} == {1}


def assert_each_call_is_one_event(project: Workspace, calls: int) -> None:
    """Land the spool in a project's folder and build the events.

    Raises:
        AssertionError: a call is not there, or is more than one event.
    """
    project.cli("load", "--spool", "spool")
    project.dbt("build", "--exclude-resource-type", "test", "unit_test", "--select", "+segmentloom__events")
    with duckdb.connect(str(project.path / "warehouse.duckdb")) as connection:
        rows = connection.execute(
            "select cast(properties->>'number' as integer) from segmentloom.events where event = 'Ordered'"
        ).fetchall()
    assert sorted(row[0] for row in rows) == list(range(calls))
