"""Compares all state with a rebuild: builds events and identity a second time, row by row the same."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from segmentloom_sync import terminal
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.built import require_built
from segmentloom_sync.identity.differences import EXAMPLES, Check, Differences
from segmentloom_sync.identity.state import NEEDED, STATE_TABLES, StateTable, read_progress, require_current
from segmentloom_sync.macros import MacroRenderer
from segmentloom_sync.project import Project
from segmentloom_sync.shadow.build import NEEDED as FOR_SHADOW
from segmentloom_sync.shadow.build import ShadowRules, shadow
from segmentloom_sync.warehouse.base import Warehouse
from segmentloom_sync.warehouse.connect import connect

# Rows with the same key are told apart by their number: a row that is there twice is one too many.
PAIRED = """
with

live as (

    select
        {columns},
        row_number() over (partition by {key} order by {key}) as occurrence
    from {live}

),

rebuilt as (

    select
        {columns},
        row_number() over (partition by {key} order by {key}) as occurrence
    from {rebuilt}

),

paired as (

    select
        {keys},
        live.occurrence is null as is_missing,
        rebuilt.occurrence is null as is_extra,
        {flags}
    from live
    full outer join rebuilt
        on
            {same_key}
            and live.occurrence = rebuilt.occurrence

)
"""


def check_full(project: Project) -> Check:
    """Build the shadow, compare, and drop it.

    Raises:
        ConfigError: there is no state, it is not up to date, or the project's rules are no longer those that
            it was built with.
        DbtError: dbt failed.
        TryAgainLater: another process has the warehouse.
    """
    with closing(connect(project, must_exist=True)) as warehouse:
        require_built(warehouse, dict.fromkeys((*FOR_SHADOW, *NEEDED)))
        require_current(warehouse)
    with shadow(project, ShadowRules()) as warehouse:
        require_current(warehouse)
        _require_same_rules(warehouse)
        with terminal.progress("comparing"):
            macros = MacroRenderer(project, warehouse)
            tables = [compare(warehouse, macros, table) for table in STATE_TABLES]
        profiles = next(table.rows for table in tables if table.table == "profiles")
        return Check("full", profiles, profiles, tables)


def compare(warehouse: Warehouse, macros: MacroRenderer, table: StateTable) -> Differences:
    """Hold a table against that of the shadow."""
    paired, columns = _paired(warehouse, macros, table), (*table.columns, *table.json)
    sums = [f"sum(case when {name} then 1 else 0 end)" for name in ("is_missing", "is_extra")]
    sums += [f"sum(differs_{position})" for position in range(len(columns))]
    different = " + ".join(f"differs_{position}" for position in range(len(columns)))
    [(rows, changed, missing, extra, *by_column)] = warehouse.rows(
        f"""
        {paired}
        select
            sum(case when is_missing then 0 else 1 end),
            sum(case when {different} > 0 then 1 else 0 end),
            {", ".join(sums)}
        from paired
        """
    )
    found = {name: int(number or 0) for name, number in zip(columns, by_column, strict=True)}
    result = Differences(
        table.name,
        int(rows or 0),
        int(missing or 0),
        int(extra or 0),
        int(changed or 0),
        {name: number for name, number in found.items() if number},
    )
    if not result.total:
        return result
    return Differences(
        *(result.table, result.rows, result.missing, result.extra, result.different),
        columns=result.columns,
        examples=_examples(warehouse, table, paired, different),
    )


def _paired(warehouse: Warehouse, macros: MacroRenderer, table: StateTable) -> str:
    texts = [f"{macros.render('json_to_text', name)} as {name}" for name in table.json]
    columns = (*table.columns, *table.json)
    flags = [
        "case when live.occurrence is not null and rebuilt.occurrence is not null"
        f" and live.{name} is distinct from rebuilt.{name} then 1 else 0 end as differs_{position}"
        for position, name in enumerate(columns)
    ]
    return PAIRED.format(
        columns=", ".join((*table.key, *table.columns, *texts)),
        key=", ".join(table.key),
        live=warehouse.relation(table.name),
        rebuilt=warehouse.relation(table.name, "plan"),
        keys=", ".join(f"coalesce(live.{name}, rebuilt.{name}) as {name}" for name in table.key),
        flags=",\n        ".join(flags),
        same_key="\n            and ".join(f"live.{name} = rebuilt.{name}" for name in table.key),
    )


def _examples(warehouse: Warehouse, table: StateTable, paired: str, different: str) -> list[dict[str, Any]]:
    key = ", ".join(table.key)
    rows = warehouse.rows(
        f"""
        {paired}
        select
            case when is_missing then 'missing' when is_extra then 'extra' else 'different' end,
            {key}
        from paired
        where
            is_missing
            or is_extra
            or {different} > 0
        order by 1, {key}
        limit {EXAMPLES}
        """
    )
    return [{"is": what, **dict(zip(table.key, values, strict=True))} for what, *values in rows]


def _require_same_rules(warehouse: Warehouse) -> None:
    """A rebuild by other rules differs from state that is right.

    Raises:
        ConfigError: limits, blocked identifiers, sources or models have changed since the last build.
    """
    live, rebuilt = read_progress(warehouse), read_progress(warehouse, "plan")
    changed = sorted(
        name
        for name in live.keys() & rebuilt.keys()
        if _comparable(live[name][2]) != _comparable(rebuilt[name][2])
    )
    if changed:
        raise ConfigError(
            f"the project's rules have changed since the last build of {', '.join(changed)}",
            hint="`segmentloom-sync identity plan` shows what follows; run `dbt build`, then check",
        )


def _comparable(rules: str) -> list[str]:
    """The rules of the events less the digest of SQL that names relations, which are others in the shadow."""
    return [part for part in rules.split(" ") if not part.startswith("models=")]
