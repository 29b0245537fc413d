"""Columns of ours whose names are words of SQL."""

from __future__ import annotations

from segmentloom_sync.warehouse.base import Engine


def quoted(name: str, engine: Engine) -> str:
    """A column's name in quotes, as the engine writes them."""
    return f"`{name}`" if engine == "bigquery" else f'"{name}"'
