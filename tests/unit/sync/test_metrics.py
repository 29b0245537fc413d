"""The metrics file, read back by Prometheus' own parser."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from segmentloom_sync import __version__
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.private_file import write_whole
from segmentloom_sync.sync.metrics import list_metrics
from segmentloom_sync.sync.metrics_file import require_writable
from segmentloom_sync.sync.prometheus_text import Metric, Sample, rendered
from segmentloom_sync.sync.runner import SyncRunner
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Warehouse
from tests.unit.sync.memory_platform import MemoryPlatform
from tests.unit.sync.shop import START, Shop, TestClock

Values = dict[tuple[str, frozenset[tuple[str, str]]], float]
LABELS = {"audience": "buyers", "destination": "memory", "list": "Buyers"}


def parsed(text: str) -> Values:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(values: Values, name: str, **labels: str) -> float | None:
    return values.get((f"segmentloom_{name}", frozenset({**LABELS, **labels}.items())))


def test_the_metrics_are_those_of_the_records(
    shop: Shop,
    target: SyncTarget,
    runner: SyncRunner,
    platform: MemoryPlatform,
    warehouse: Warehouse,
    clock: TestClock,
) -> None:
    shop.add("ann", "bob", "cat")
    shop.publish()
    first = runner.run(target)
    clock.sleep(90)
    shop.people["ann"].is_member = False
    shop.add("dan", "eve")
    shop.publish()
    platform.faults = ["ok", "partial"]
    second = runner.run(target)
    assert (first.status, second.status, second.accepted, second.rejected) == ("ok", "partial", 2, 1)

    text = rendered(list_metrics(warehouse, clock.now()))
    found = parsed(text)
    assert found[("segmentloom_build_info", frozenset({("version", __version__)}))] == 1
    for name, labels, expected in (
        ("list_identifiers", {"state": "accepted"}, 3),
        ("list_identifiers", {"state": "rejected"}, 1),
        ("list_identifiers", {"state": "open"}, 0),
        ("list_waiting_identifiers", {}, 0),
        ("list_last_run_status", {"status": "partial"}, 1),
        ("list_last_run_status", {"status": "ok"}, 0),
        ("list_last_run_planned_identifiers", {"operation": "add"}, 2),
        ("list_last_run_planned_identifiers", {"operation": "remove"}, 1),
        ("list_last_run_planned_members", {"operation": "add"}, 2),
        ("list_last_run_identifiers", {"outcome": "accepted"}, 2),
        ("list_last_run_identifiers", {"outcome": "rejected"}, 1),
        ("list_runs_total", {"status": "ok"}, 1),
        ("list_runs_total", {"status": "partial"}, 1),
        ("list_runs_total", {"status": "failed"}, 0),
        ("list_sent_identifiers_total", {"outcome": "accepted"}, 5),
        ("list_sent_identifiers_total", {"outcome": "rejected"}, 1),
        ("list_last_success_timestamp_seconds", {}, START.timestamp()),
        ("list_last_run_finished_timestamp_seconds", {}, (START + timedelta(seconds=90)).timestamp()),
        ("list_last_evaluation_timestamp_seconds", {}, (START + timedelta(seconds=90)).timestamp()),
    ):
        assert value(found, name, **labels) == expected, (name, labels)
    profiles = (f'"{name}"' for name in shop.people)
    for secret in ("example.com", *(entry.value for entry in shop.wanted()), *profiles):
        assert secret not in text


def test_lists_that_a_later_run_leaves_alone_stay(
    shop: Shop, target: SyncTarget, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    other = replace(target, list_name='"Best" \\ buyers\n2')
    for entry in (other, target):
        assert SyncRunner(warehouse, clock).run(entry).status == "ok"
    found = parsed(rendered(list_metrics(warehouse, clock.now())))
    for name in (target.list_name, other.list_name):
        assert value(found, "list_identifiers", state="accepted", list=name) == 1


def test_a_warehouse_without_runs_has_its_version_only(warehouse: Warehouse, clock: TestClock) -> None:
    assert len(parsed(rendered(list_metrics(warehouse, clock.now())))) == 1


def test_names_follow_the_conventions(
    shop: Shop, target: SyncTarget, runner: SyncRunner, warehouse: Warehouse, clock: TestClock
) -> None:
    shop.add("ann")
    shop.publish()
    runner.run(target)
    text = rendered(list_metrics(warehouse, clock.now()))
    families = list(text_string_to_metric_families(text))
    assert len(families) == len({family.name for family in families}) == text.count("# TYPE ") == 13
    for metric in list_metrics(warehouse, clock.now()):
        assert re.fullmatch(r"segmentloom_[a-z_]+", metric.name)
        assert (metric.type == "counter") == metric.name.endswith("_total")
        assert metric.help.endswith(".")
        assert "timestamp" not in metric.name or metric.name.endswith("_timestamp_seconds")
        assert len({frozenset(sample.labels.items()) for sample in metric.samples}) == len(metric.samples)
        assert len({tuple(sample.labels) for sample in metric.samples}) == 1


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    label=st.text(st.characters(codec="utf-8", exclude_characters="\r")),
    number=st.floats(allow_nan=False) | st.integers(-(2**60), 2**60).map(float),
)
def test_whatever_a_list_is_called_is_read_back(label: str, number: float) -> None:
    metric = Metric("segmentloom_test", "gauge", "A\\b\nc.", [Sample({"list": label, "other": "x"}, number)])
    [family] = text_string_to_metric_families(rendered([metric]))
    [sample] = family.samples
    assert (sample.labels, sample.value) == ({"list": label, "other": "x"}, number)
    assert (family.documentation, family.type) == ("A\\b\nc.", "gauge")


def test_the_file_is_replaced_as_a_whole_and_others_may_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "segmentloom.prom"
    file.write_text("former")
    write_whole(file, "new\n", mode=0o644)
    assert (file.read_text(), [entry.name for entry in tmp_path.iterdir()]) == ("new\n", [file.name])
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ConfigError, match=r"cannot write .*: no space left on device"):
        write_whole(file, "newer\n")
    assert (file.read_text(), [entry.name for entry in tmp_path.iterdir()]) == ("new\n", [file.name])


def test_a_place_without_a_folder_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    require_writable(tmp_path / "segmentloom.prom")
    with pytest.raises(ConfigError, match="is a folder"):
        require_writable(tmp_path)
    with pytest.raises(ConfigError, match="there is no folder"):
        require_writable(tmp_path / "absent" / "segmentloom.prom")
