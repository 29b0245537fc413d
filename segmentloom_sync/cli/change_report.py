"""Prints what an unmerge or a remerge did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentloom_sync import terminal
from segmentloom_sync.cli.merge_table import link_table, path_table
from segmentloom_sync.cli.refusal_lines import refusal_line
from segmentloom_sync.cli.shown import shown, table

if TYPE_CHECKING:
    from segmentloom_sync.identity.outcome import Change
    from segmentloom_sync.identity.pair import NoSuchLink

_SHOWN_IDENTIFIERS = 8


def print_change(change: Change) -> None:
    """The effect, the profiles, and what comes next."""
    console = terminal.stdout()
    link = f"{shown(change.link.identifier)} - {shown(change.link.other)}"
    console.print(f"{change.action} of {link}: {_effect(change)}")
    for refusal in change.refused_by:
        console.print(refusal_line(refusal))
    if _is_bridged(change):
        console.print(path_table(change.link.identifier, change.path))
    _print_profiles(change)
    if change.audiences:
        console.print(
            f"audiences of these profiles: {', '.join(change.audiences)}; `segmentloom-sync run` "
            "recalculates and sends what follows; with --due only once they are due"
        )


def print_nearest(error: NoSuchLink, *, as_json: bool) -> None:
    """Links that could be meant, on stdout: messages on stderr hold no identifiers."""
    if as_json:
        terminal.print_json(error.document())
    elif error.nearest:
        terminal.stdout().print(link_table(error.nearest))


def _effect(change: Change) -> str:
    if change.effect == "split":
        back = [side.profile_id for side in change.profiles if side.came_back]
        return f"split; profile {', '.join(back)} came back" if back else "split"
    if change.effect == "merged":
        return f"merged into profile {change.profiles[0].profile_id}"
    if change.reason_none == "already":
        return _already(change)
    return _NONE[change.reason_none or "pending"]


def _already(change: Change) -> str:
    open_yet = change.decision is not None and change.decision.applied_run_id is None
    if change.action == "remerge" and change.decision is None:
        return "it was never unmerged; nothing changed"
    text = "it was decided so before; " + (
        "not built yet, the next build takes it up" if open_yet else "nothing changed"
    )
    return f"{text}; other links connect the two as well" if _is_bridged(change) else text


def _is_bridged(change: Change) -> bool:
    """Whether other links are why an unmerge, now or before, has split nothing."""
    return bool(change.path) and change.action == "unmerge" and change.reason_none in {"bridged", "already"}


_NONE = {
    "refused": "recorded; nothing changed, since a guard refuses the link anyway",
    "bridged": "recorded; nothing changed, since other links connect the two as well",
    "pending": "recorded; the next build takes it up",
}


def _print_profiles(change: Change) -> None:
    rows = table(("profile", "identifiers", ""), counts=("identifiers",))
    for side in change.profiles:
        names = [shown(identifier) for identifier in side.identifiers[:_SHOWN_IDENTIFIERS]]
        if side.identifier_count > len(names):
            names.append(f"and {side.identifier_count - len(names):,} more")
        rows.add_row(side.profile_id, f"{side.identifier_count:,}", ", ".join(names))
    terminal.stdout().print(rows)
