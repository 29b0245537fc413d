"""What the collector counts, for Prometheus: no person, no key and no path of a client's own is a label."""

from __future__ import annotations

from collections import Counter
from typing import Any

from segmentloom_sync.collector.accept import Accepted
from segmentloom_sync.spool.directory import SpoolState
from segmentloom_sync.spool.writer import SpoolWriter
from segmentloom_sync.sync.prometheus_text import Metric, Sample, rendered

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Counts:
    """Counts since the start."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        """By route and status."""
        self.accepted: Counter[str] = Counter()
        """Events by source."""
        self.duplicates: Counter[str] = Counter()
        self.gpc: Counter[str] = Counter()
        """Of the accepted ones by source, those that came with `Sec-GPC: 1`."""
        self.quarantined: Counter[tuple[str, str]] = Counter()
        """By source and reason."""
        self.failed_loads = 0
        self.loads = 0

    def keep(self, accepted: Accepted) -> None:
        """Count events that are on the disk."""
        source = accepted.caller.key.source
        count = accepted.records - sum(accepted.quarantined.values())
        self.accepted[source] += count
        if accepted.gpc:
            self.gpc[source] += count
        if accepted.duplicates:
            self.duplicates[source] += accepted.duplicates
        for reason, count in accepted.quarantined.items():
            self.quarantined[source, reason] += count


def metrics_text(
    counts: Counts, writer: SpoolWriter, state: SpoolState, in_flight: int, is_ready: bool
) -> str:
    """All of it in Prometheus' text format."""
    by_source = [
        _metric(
            "events_accepted_total",
            "counter",
            "Events that are on the disk and will be landed.",
            [({"source": source}, count) for source, count in sorted(counts.accepted.items())],
        ),
        _metric(
            "events_repeated_total",
            "counter",
            "Accepted events whose id had come lately.",
            [({"source": source}, count) for source, count in sorted(counts.duplicates.items())],
        ),
        _metric(
            "events_gpc_total",
            "counter",
            "Accepted events whose browser asked not to sell or share (Sec-GPC).",
            [({"source": source}, count) for source, count in sorted(counts.gpc.items())],
        ),
        _metric(
            "events_quarantined_total",
            "counter",
            "Events of batches that were refused and kept with their reason.",
            [
                ({"source": source, "reason": reason}, count)
                for (source, reason), count in sorted(counts.quarantined.items())
            ],
        ),
        _metric(
            "requests_total",
            "counter",
            "Requests by route and status.",
            [
                ({"route": route, "status": str(status)}, count)
                for (route, status), count in sorted(counts.requests.items())
            ],
        ),
    ]
    single: list[tuple[str, Any, str, float]] = [
        ("requests_in_flight", "gauge", "Requests that are being answered.", in_flight),
        ("ready", "gauge", "1 when events are taken.", int(is_ready)),
        ("spool_bytes", "gauge", "What is not in the warehouse yet.", state.bytes),
        ("spool_segments", "gauge", "Files of it.", state.segments),
        (
            "spool_oldest_unloaded_seconds",
            "gauge",
            "How long the oldest of it has waited.",
            state.oldest_unloaded_seconds,
        ),
        ("spool_quarantined_files", "gauge", "Files that could not be read.", state.quarantined),
        ("spool_written_bytes_total", "counter", "Bytes of records written.", writer.written_bytes),
        ("spool_commits_total", "counter", "Times that the disk was waited for.", writer.commits),
        ("spool_failures_total", "counter", "Times that the disk refused.", writer.failures),
        ("loads_total", "counter", "Times that the spool was loaded by --load-every.", counts.loads),
        ("loads_failed_total", "counter", "Times that this failed.", counts.failed_loads),
    ]
    return rendered(
        [*by_source, *(_metric(name, kind, text, [({}, value)]) for name, kind, text, value in single)]
    )


def _metric(name: str, kind: Any, text: str, values: list[tuple[dict[str, str], float]]) -> Metric:
    return Metric(
        f"segmentloom_collector_{name}", kind, text, [Sample(labels, value) for labels, value in values]
    )
