"""Traces and metrics, as a collector receives them over HTTP."""

from __future__ import annotations

import gzip
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from segmentloom_sync.sync import telemetry
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.sync.turns import Turn, serve_in_turns
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import Shop


@dataclass
class Collector:
    """What arrived."""

    url: str = ""
    traces: list[ExportTraceServiceRequest] = field(default_factory=list)
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    status: int = 200

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for request in self.traces
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def points(self, name: str) -> dict[tuple[str, ...], int]:
        """The newest value of a counter by its labels' values."""
        found: dict[tuple[str, ...], int] = {}
        for request in self.metrics:
            for resource in request.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        for point in metric.sum.data_points if metric.name == name else ():
                            labels = told(point)
                            found[tuple(str(labels[key]) for key in sorted(labels))] = point.as_int
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            collector.bodies.append(body)
            if self.path == "/v1/traces":
                collector.traces.append(ExportTraceServiceRequest.FromString(body))
            else:
                collector.metrics.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    yield collector
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", telemetry.ENDPOINT):
        monkeypatch.delenv(name, raising=False)


def told(entry: Any) -> dict[str, Any]:
    return {
        attribute.key: getattr(attribute.value, attribute.value.WhichOneof("value"))
        for attribute in entry.attributes
    }


def test_a_run_is_a_trace_of_its_lists_and_batches(
    shop: Shop,
    target: SyncTarget,
    runner: SyncRunner,
    platform: MemoryPlatform,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(telemetry.ENDPOINT, collector.url)
    shop.add("ann", "bob", "cat")
    shop.publish()
    platform.faults = ["ok", "partial", "lost"]  # the list is made first
    with telemetry.exported(), telemetry.span("run", {"target": "prod"}) as ending:
        report = runner.run(target)
        ending["exit_code"] = report.exit_code

    run, entry, first, second = sorted(collector.spans, key=lambda span: span.start_time_unix_nano)
    assert [span.name for span in (run, entry, first, second)] == [
        "segmentloom.run",
        "segmentloom.list",
        "segmentloom.batch",
        "segmentloom.batch",
    ]
    assert len({span.trace_id for span in collector.spans}) == 1
    assert run.parent_span_id == b""
    assert (entry.parent_span_id, first.parent_span_id, second.parent_span_id) == (
        run.span_id,
        entry.span_id,
        entry.span_id,
    )
    assert told(run) == {"segmentloom.target": "prod", "segmentloom.exit_code": report.exit_code}
    attributes = told(entry)
    assert attributes["segmentloom.list"] == "Buyers"
    assert attributes["segmentloom.adds"] == 3
    assert (attributes["segmentloom.accepted"], attributes["segmentloom.rejected"]) == (1, 1)
    assert attributes["error.type"] == attributes["segmentloom.status"] == report.status
    assert told(first) == {
        "segmentloom.batch_number": 1,
        "segmentloom.operation": "add",
        "segmentloom.members": 2,
        "segmentloom.identifiers": 2,
        "segmentloom.accepted": 1,
        "segmentloom.rejected": 1,
        "segmentloom.unknown": 0,
        "segmentloom.cut": 0,
    }
    assert (told(second)["segmentloom.unknown"], told(second)["error.type"]) == (1, "Unavailable")
    assert (first.status.code, second.status.code) == (0, 2)
    assert second.events == []

    [resource] = {told(resource.resource)["service.name"] for resource in collector.traces[0].resource_spans}
    assert resource == "segmentloom-sync"
    assert collector.points("segmentloom.list.identifiers") == {
        ("buyers", "memory", "Buyers", "accepted"): 1,
        ("buyers", "memory", "Buyers", "rejected"): 1,
        ("buyers", "memory", "Buyers", "unknown"): 1,
    }
    assert collector.points("segmentloom.list.runs") == {("buyers", "memory", "Buyers", report.status): 1}
    for secret in ("example.com", "no answer", *(entry.value for entry in shop.wanted())):
        assert secret.encode() not in b"".join(collector.bodies)


def test_a_list_that_was_put_off_has_two_spans_and_counts_once(
    shop: Shop,
    target: SyncTarget,
    runner: SyncRunner,
    platform: MemoryPlatform,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(telemetry.ENDPOINT, collector.url)
    shop.add("ann", "bob", "cat")
    shop.publish()
    platform.faults, platform.retry_after = ["ok", "ok", "busy"], 60.0
    mine = replace(target, max_retries=1)
    turns = [
        Turn("memory", lambda earlier: [runner.run(mine, earlier=earlier)]),
        Turn("other", lambda earlier: []),
    ]
    with telemetry.exported():
        [report] = serve_in_turns(runner, [lambda: turns])
    assert (report.status, report.adds, report.accepted) == ("ok", 3, 3)
    spans = [span for span in collector.spans if span.name == "segmentloom.list"]
    first, second = map(told, sorted(spans, key=lambda span: span.start_time_unix_nano))
    assert (first["segmentloom.status"], first["segmentloom.accepted"], "error.type" in first) == (
        "put_off",
        2,
        False,
    )
    assert (second["segmentloom.status"], second["segmentloom.accepted"]) == ("ok", 1)
    labels = ("buyers", "memory", "Buyers")
    assert collector.points("segmentloom.list.runs") == {(*labels, "ok"): 1}
    assert collector.points("segmentloom.list.identifiers") == {
        (*labels, "accepted"): 3,
        (*labels, "rejected"): 0,
        (*labels, "unknown"): 0,
    }


def test_nothing_is_exported_once_the_command_has_ended(
    shop: Shop,
    target: SyncTarget,
    runner: SyncRunner,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(telemetry.ENDPOINT, collector.url)
    with telemetry.exported():
        pass
    shop.add("ann")
    shop.publish()
    assert runner.run(target).status == "ok"
    assert collector.spans == []


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_collector_that_does_not_answer_harms_nothing(
    shop: Shop,
    target: SyncTarget,
    runner: SyncRunner,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_closed: bool,
) -> None:
    collector.status = 400
    monkeypatch.setenv(telemetry.ENDPOINT, "http://127.0.0.1:9" if is_closed else collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    shop.add("ann")
    shop.publish()
    with telemetry.exported(), telemetry.span("run", {}):
        assert runner.run(target).status == "ok"
    said = capsys.readouterr().err
    assert said.count("the OpenTelemetry collector did not take everything") == 1
    assert "Traceback" not in said


def test_without_the_extra_a_collector_is_warned_about(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(telemetry.ENDPOINT, collector.url)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with telemetry.exported(), telemetry.span("run", {}) as ending:
        ending["exit_code"] = 0
    assert 'pip install "segmentloom[otel]"' in capsys.readouterr().err
    assert collector.bodies == []


@pytest.mark.parametrize(
    ("environment", "signals"),
    [
        ({}, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, ("TRACES", "METRICS")),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c"}, ("TRACES",)),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c"}, ("METRICS",)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_METRICS_EXPORTER": "none"}, ("TRACES",)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "True"}, ()),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, ()),
    ],
)
def test_the_standard_variables_say_what_is_exported(
    environment: dict[str, str], signals: tuple[str, ...]
) -> None:
    assert telemetry.asked_for(environment) == signals


def test_the_service_is_named_by_the_standard_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    assert telemetry._resource().attributes["service.name"] == "segmentloom-sync"
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=theirs,team=growth")
    attributes = telemetry._resource().attributes
    assert (attributes["service.name"], attributes["team"]) == ("theirs", "growth")
    monkeypatch.delenv("OTEL_RESOURCE_ATTRIBUTES")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "ours")
    assert telemetry._resource().attributes["service.name"] == "ours"
