"""Connects to the warehouse of a project's target."""

from __future__ import annotations

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.base import Warehouse


def connect(
    project: Project,
    *,
    wait_seconds: float | None = None,
    read_only: bool = False,
    must_exist: bool = False,
    little_memory: bool = False,
) -> Warehouse:
    """Connect; on DuckDB this takes the file's lock, which `close` gives back.

    Args:
        project: says which warehouse, and how.
        wait_seconds: how long to wait for a DuckDB file that another process has; default: the environment
            variable SEGMENTLOOM_WAIT_SECONDS, else a minute.
        read_only: open a DuckDB file without the right to change it; it must exist.
        must_exist: never make a DuckDB file: for a command that changes what is there already.
        little_memory: let DuckDB keep few rows in memory, see `duckdb_settings.with_little_memory`.

    Raises:
        TryAgainLater: another process still has the file after that time.
        CredentialsError: the warehouse refused who we are.
        ConfigError: the target lacks a setting, or the file does not exist and must.
        WarehouseError: the warehouse cannot be opened.
    """
    if project.engine == "bigquery":
        from segmentloom_sync.warehouse.bigquery import connect_bigquery

        return connect_bigquery(project)
    if project.engine == "snowflake":
        from segmentloom_sync.warehouse.snowflake import connect_snowflake

        return connect_snowflake(project)
    return _connect_duckdb(project, wait_seconds, read_only, must_exist or read_only, little_memory)


def _connect_duckdb(
    project: Project, wait_seconds: float | None, read_only: bool, must_exist: bool, little_memory: bool
) -> Warehouse:
    from segmentloom_sync.warehouse.duckdb import DuckDb
    from segmentloom_sync.warehouse.duckdb_open import open_database
    from segmentloom_sync.warehouse.duckdb_settings import (
        read_settings,
        sets_memory_limit,
        with_little_memory,
    )
    from segmentloom_sync.warehouse.lock import FileLock, Patience, wait_limit, when_free

    settings = read_settings(project)
    may_take_more = little_memory and not sets_memory_limit(settings)
    if little_memory:
        settings = with_little_memory(settings)
    if settings.file is None:
        return DuckDb(open_database(settings, read_only=read_only), project.schema, lambda: None)
    if must_exist and not settings.file.exists():
        raise ConfigError(
            f"{settings.file} does not exist",
            hint="land events with `segmentloom-sync load` first",
        )
    patience = Patience(settings.file, wait_limit(wait_seconds))
    lock = FileLock(settings.file)
    lock.acquire(patience)
    try:
        connection = when_free(patience, lambda: open_database(settings, read_only=read_only))
        return DuckDb(connection, project.schema, lock.release, may_take_more=may_take_more)
    except BaseException:
        lock.release()
        raise
