"""Prints what runs and plans report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from segmentloom_sync import terminal
from segmentloom_sync.cli.shown import counted

if TYPE_CHECKING:
    from segmentloom_sync.sync.reconciliation import Reconciliation
    from segmentloom_sync.sync.runs import RunReport

NOTHING_WRONG: Mapping[str, Sequence[str]] = MappingProxyType({})
_COLOURS = {"ok": "green", "held": "yellow", "retry_later": "yellow", "partial": "yellow", "failed": "red"}


def print_reports(
    reports: Sequence[RunReport],
    *,
    json: bool,
    is_plan: bool = False,
    held_back: Mapping[str, Sequence[str]] = NOTHING_WRONG,
) -> None:
    """One JSON object on stdout, or one table there and the messages on stderr.

    Args:
        held_back: files that are wrong, so that nothing was done for them, with what is wrong with each.
    """
    if json:
        wrong = [{"file": file, "problems": list(problems)} for file, problems in held_back.items()]
        terminal.print_json({"runs": [report.as_json() for report in reports], "held_back": wrong})
    elif reports:
        _print_table(reports, is_plan=is_plan)
    for report in reports:
        if report.reconciliation is not None:
            _print_reconciliation(report, report.reconciliation)
        if report.replacement is not None:
            terminal.say(f"{report.audience} to {report.destination}: {report.replacement}")
        for warning in report.warnings:
            terminal.warn(f"{report.audience}: {warning}")
        if report.told_by is None:
            _print_ending(report)
    for error in dict.fromkeys(report.told_by for report in reports if report.told_by is not None):
        terminal.say(error.message)
        terminal.say(f"  hint: {error.hint}")
    if held_back:
        terminal.say(f"held back until they are right: {', '.join(held_back)}")


def _print_ending(report: RunReport) -> None:
    if report.message:
        terminal.say(f"{report.audience} to {report.destination}: {report.status}: {report.message}")
    if report.hint:
        terminal.say(f"  hint: {report.hint}")


def _print_reconciliation(report: RunReport, found: Reconciliation) -> None:
    where = f"{report.audience} to {report.destination}"
    size = f", counted users: {_bounds(*found.size)}" if found.size else ""
    status = f", status {found.status}" if found.status else ""
    terminal.say(
        f"{where}: compared: the list is there{status}{size}; "
        f"it may hold {counted(found.identifiers, 'identifier')}; not told: {', '.join(found.unreadable)}"
    )
    for drift in found.drift:
        if drift not in found.unrepaired:  # those are the message of the run
            sent_anew = counted(found.sent_anew, "identifier")
            terminal.warn(
                f"{where}: {drift}; {sent_anew} {'is' if found.sent_anew == 1 else 'are'} sent anew"
            )


def _bounds(lower: float, upper: float) -> str:
    return f"{lower:,.0f}" if lower == upper else f"{lower:,.0f} to {upper:,.0f}"


def _print_table(reports: Sequence[RunReport], *, is_plan: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("audience", "destination", "list", box=None, pad_edge=False)
    counts = ["adds", "removes"] if is_plan else ["adds", "removes", "accepted", "rejected", "unknown"]
    if any(report.waiting for report in reports):
        counts.append("waiting")
    for column in counts:
        table.add_column(column, justify="right")
    table.add_column("status")
    for report in reports:
        colour = _COLOURS[report.status]
        table.add_row(
            report.audience,
            report.destination,
            escape(report.list_name),
            *(f"{getattr(report, column):,}" for column in counts),
            f"[{colour}]{report.status}[/{colour}]{', opt-outs only' * report.only_opt_outs}",
        )
    terminal.stdout().print(table)
