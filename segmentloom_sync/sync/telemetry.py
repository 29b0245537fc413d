"""Traces and metrics of runs for an OpenTelemetry collector, where the variables OTEL_* name one.

A run is one trace: `segmentloom.run`, in it one `segmentloom.list` for each list, in these one
`segmentloom.batch` for each batch. Attributes are names of ours and counts; there is nothing of people in
them, and no text of errors that are not ours.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from segmentloom_sync import __version__, terminal

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.trace import Tracer

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SIGNALS = ("TRACES", "METRICS")
SERVICE = "segmentloom-sync"
PUT_OFF = "put_off"
"""The status of the first attempt on a list that was put off; the second has that of its run."""
_NAME = "segmentloom_sync"

Attributes = dict[str, str | int | bool]


class _Exports:
    """What is exported while a command runs; None where nothing asks for it."""

    tracer: Tracer | None = None
    meter: Meter | None = None


def asked_for(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The signals to export: those with a collector, unless OTEL_*_EXPORTER or OTEL_SDK_DISABLED says no."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ()
    return tuple(
        signal
        for signal in SIGNALS
        if (environment.get(ENDPOINT) or environment.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"))
        and environment.get(f"OTEL_{signal}_EXPORTER", "otlp").strip() == "otlp"
    )


@contextmanager
def exported() -> Iterator[None]:
    """Export what happens in the block; a collector that does not answer harms nothing but the export."""
    signals = asked_for(os.environ)
    if not signals:
        yield
        return
    try:
        providers = _start(signals)
    except ImportError:
        terminal.warn('OTEL_* names a collector; to export to it: pip install "segmentloom[otel]"')
        yield
        return
    try:
        with _complaints():
            try:
                yield
            finally:
                for provider in providers:
                    provider.shutdown()
    finally:
        _Exports.tracer = _Exports.meter = None


def _start(signals: tuple[str, ...]) -> list[Any]:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    providers: list[Any] = []
    if "TRACES" in signals:
        traces = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        _Exports.tracer = traces.get_tracer(_NAME, __version__)
        providers.append(traces)
    if "METRICS" in signals:
        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
        metrics = MeterProvider([reader], resource=_resource(), shutdown_on_exit=False)
        _Exports.meter = metrics.get_meter(_NAME, __version__)
        providers.append(metrics)
    return providers


def _resource() -> Resource:
    from opentelemetry.sdk.resources import Resource

    own: dict[str, str] = {"service.version": __version__}
    if "service.name=" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        own["service.name"] = os.environ.get("OTEL_SERVICE_NAME") or SERVICE
    return Resource.create(own)


@contextmanager
def _complaints() -> Iterator[None]:
    """One warning instead of the exporters' log, which has stack traces."""
    logger = logging.getLogger("opentelemetry")
    handler = _FirstOnly()
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
        if handler.is_hit:
            terminal.warn("the OpenTelemetry collector did not take everything; nothing else is affected")


class _FirstOnly(logging.Handler):
    """Notes that something was logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.is_hit = False

    def emit(self, record: logging.LogRecord) -> None:
        self.is_hit = True


@contextmanager
def span(name: str, attributes: Attributes) -> Iterator[Attributes]:
    """A span around the block.

    Args:
        attributes: what is known at its start.

    Yields:
        A mapping to fill with what is known at its end; `error` marks the span as failed.
    """
    ending: Attributes = {}
    if _Exports.tracer is None:
        yield ending
        return
    from opentelemetry.trace import Status, StatusCode

    # The text of an exception may quote anything, so that only its type is told.
    with _Exports.tracer.start_as_current_span(
        f"segmentloom.{name}",
        attributes=_named(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield ending
        except BaseException as error:
            ending["error"] = type(error).__name__
            raise
        finally:
            error_type = ending.pop("error", None)
            current.set_attributes(_named(ending))
            if error_type is not None:
                current.set_attribute("error.type", error_type)
                current.set_status(Status(StatusCode.ERROR))


@contextmanager
def list_run(audience: str, destination: str, list_name: str) -> Iterator[Attributes]:
    """A span and metrics of one list's run; filled with `status` and the counts of its report."""
    labels: Attributes = {"audience": audience, "destination": destination, "list": list_name}
    begun = time.monotonic()
    with span("list", labels) as ending:
        yield ending
        counts = dict(ending)
    if _Exports.meter is None:
        return
    is_put_off = counts.get("status") == PUT_OFF
    if not is_put_off:  # else the list has not had its run yet, and what is open is sent in it
        status = {"status": counts.get("status", "")}
        _Exports.meter.create_counter("segmentloom.list.runs", "{run}", "Runs of a list.").add(
            1, _named({**labels, **status})
        )
        _Exports.meter.create_histogram("segmentloom.list.run.duration", "s", "Time of a list's run.").record(
            time.monotonic() - begun, _named({**labels, **status})
        )
    identifiers = _Exports.meter.create_counter(
        "segmentloom.list.identifiers", "{identifier}", "Identifiers sent, by what became of them."
    )
    for outcome in ("accepted", "rejected") if is_put_off else ("accepted", "rejected", "unknown"):
        identifiers.add(int(counts.get(outcome, 0)), _named({**labels, "outcome": outcome}))


def _named(attributes: Attributes) -> Attributes:
    return {f"segmentloom.{name}": value for name, value in attributes.items()}
