"""Logs that tell something wrong: checks that take them for right ones prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.oracles.merge_log import LogRow

LINK = ("identifier_type", "identifier_value", "other_type", "other_value", "source_id", "event_id")

Rows = Sequence[LogRow]


def _first(kind: str, rows: Rows) -> LogRow:
    return next(row for row in rows if row.kind == kind)


def _changed(kind: str, change: Callable[[LogRow, Rows], LogRow]) -> Callable[[Rows], Rows]:
    def wrong(rows: Rows) -> Rows:
        chosen = _first(kind, rows)
        return [change(row, rows) if row is chosen else row for row in rows]

    return wrong


def _turned(row: LogRow, _: Rows) -> LogRow:
    return row._replace(
        surviving_profile_id=row.absorbed_profile_id, absorbed_profile_id=row.surviving_profile_id
    )


def _with_link_of_another(row: LogRow, rows: Rows) -> LogRow:
    other = next(
        one for one in rows if one.kind == row.kind and one.surviving_profile_id != row.surviving_profile_id
    )
    return row._replace(**{name: getattr(other, name) for name in LINK})


LOG_MUTANTS: dict[str, Callable[[Rows], Rows]] = {
    "a merge is missing": lambda rows: [row for row in rows if row is not _first("merge", rows)],
    "a split is missing": lambda rows: [row for row in rows if row is not _first("split", rows)],
    "a rename is missing": lambda rows: [row for row in rows if row is not _first("rename", rows)],
    "a merge is told twice": lambda rows: [*rows, _first("merge", rows)],
    "a merge is told the wrong way round": _changed("merge", _turned),
    "a split is told the wrong way round": _changed("split", _turned),
    "a merge has another's link": _changed("merge", _with_link_of_another),
    "a split has another's link": _changed("split", _with_link_of_another),
    "a merge has no link": _changed("merge", lambda row, _: row._replace(identifier_type=None)),
    "a merge has another event": _changed("merge", lambda row, _: row._replace(event_id="none")),
    "a rename is told as a merge": _changed("rename", lambda row, _: row._replace(kind="merge")),
    "a merge is told as a rename": _changed("merge", lambda row, _: row._replace(kind="rename")),
    "a merge is told as a split": _changed("merge", lambda row, _: row._replace(kind="split")),
    "a split has a rule that merges": _changed("split", lambda row, _: row._replace(rule="same_event")),
}
