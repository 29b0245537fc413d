"""Connections for a command that looks at the warehouse now and then, for hours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect


class Visits:
    """Gives a connection for each visit, without the right to change a DuckDB file.

    A DuckDB file is given back after each, since nobody else could write to it; other engines, where logging
    in takes time, stay connected.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._kept: Warehouse | None = None

    @contextmanager
    def visit(self) -> Iterator[Warehouse]:
        """A connection while the block runs.

        Raises:
            SegmentloomError: as `connect`.
        """
        warehouse = self._kept or connect(self._project, read_only=True)
        self._kept = None
        try:
            yield warehouse
        except BaseException:
            warehouse.close()
            raise
        if self._project.engine == "duckdb":
            warehouse.close()
        else:
            self._kept = warehouse

    def close(self) -> None:
        """Close what is still connected."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None
