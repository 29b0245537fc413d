"""The file of metrics that `run --metrics` leaves behind, for the textfile collector of a node exporter."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from segmentloom_sync.destinations.base import Clock
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.private_file import write_whole
from segmentloom_sync.project import Project
from segmentloom_sync.sync.metrics import list_metrics
from segmentloom_sync.sync.prometheus_text import rendered
from segmentloom_sync.warehouse.connect import connect


def require_writable(file: Path) -> None:
    """Refuse a place where no file can be written, before anything is sent.

    Raises:
        ConfigError: it is a folder, or its folder is missing or closed.
    """
    folder = file.absolute().parent
    if file.is_dir():
        raise ConfigError(f"--metrics {file} is a folder", hint="name a file in it, e.g. segmentloom.prom")
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder} for the metrics", hint="make it, or name another one")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"no file can be written in {folder}", hint="let this user write there")


def write_metrics(project: Project, file: Path, clock: Clock) -> None:
    """Write the metrics of all lists; a former file is replaced as a whole.

    It may be read by others: collectors are other users, and nothing of people is in it.

    Raises:
        ConfigError: the file cannot be written.
        TryAgainLater: another process has the warehouse.
    """
    with closing(connect(project, read_only=True)) as warehouse:
        metrics = list_metrics(warehouse, clock.now())
    write_whole(file, rendered(metrics), mode=0o644)
