"""Prints what an identity plan found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from segmentloom_sync import terminal
from segmentloom_sync.cli.shown import shown, table

if TYPE_CHECKING:
    from rich.console import Console

    from segmentloom_sync.identity.plan import Plan
    from segmentloom_sync.identity.planned_profiles import ProfileChange

_WORDS = {"merge": "merged into another", "split": "split", "rename": "renamed", "gone": "gone", "new": "new"}


def print_plan(plan: Plan) -> None:
    """Counts first, then the largest changes, then what follows from them."""
    console = terminal.stdout()
    if plan.is_empty:
        console.print("nothing would change")
        return
    profiles = plan.profiles
    before, after = profiles.before, profiles.after
    console.print(
        f"profiles: {before.profiles:,} now, {after.profiles:,} then: "
        + (
            ", ".join(f"{number:,} {_WORDS[kind]}" for kind, number in profiles.counts.items() if number)
            or "all as they are"
        )
    )
    if before.quarantined != after.quarantined:
        console.print(f"quarantined: {before.quarantined:,} now, {after.quarantined:,} then")
    if before.identifiers != after.identifiers:
        console.print(f"identifiers: {before.identifiers:,} now, {after.identifiers:,} then")
    for kind, rows in profiles.largest.items():
        if rows:
            _print_changes(console, kind, rows, profiles.counts[kind])
    _print_conflicts(console, plan)
    _print_audiences(console, plan)
    _print_destinations(console, plan)


def _print_changes(console: Console, kind: str, rows: Sequence[ProfileChange], total: int) -> None:
    console.print(f"\n{kind}s, the largest first ({len(rows):,} shown):" if total else "")
    made = table(("from", "to", "identifiers", "of which", "then has"), counts=("identifiers", "then has"))
    for row in rows:
        made.add_row(
            row.from_profile_id,
            row.to_profile_id,
            f"{row.identifiers:,}",
            ", ".join(f"{number:,} {type_}" for type_, number in row.by_type.items()),
            f"{row.into_identifiers:,}",
        )
        if row.examples is not None:
            names = [shown(identifier) for identifier in row.examples]
            if row.identifiers > len(names):
                names.append(f"and {row.identifiers - len(names):,} more")
            made.add_row("", "", "", ", ".join(names), "")
    console.print(made)


def _print_conflicts(console: Console, plan: Plan) -> None:
    if not plan.conflicts:
        return
    console.print("\nconflicts:")
    made = table(
        ("rule", "links refused", "no more", "identifiers", "no more "),
        counts=("links refused", "no more", "identifiers", "no more "),
    )
    for change in plan.conflicts:
        made.add_row(
            change.rule,
            f"+{change.links_added:,}",
            f"-{change.links_removed:,}",
            f"+{change.identifiers_added:,}",
            f"-{change.identifiers_removed:,}",
        )
    console.print(made)


def _print_audiences(console: Console, plan: Plan) -> None:
    changed = [change for change in plan.audiences if not change.is_empty]
    if not changed:
        console.print("\naudiences: the same members" if plan.audiences else "")
        return
    console.print("\naudiences, in profiles:")
    made = table(
        ("audience", "members", "then", "added", "removed"), counts=("members", "then", "added", "removed")
    )
    for change in changed:
        made.add_row(
            change.audience,
            f"{change.before:,}",
            f"{change.after:,}",
            f"+{change.added:,}",
            f"-{change.removed:,}",
        )
    console.print(made)


def _print_destinations(console: Console, plan: Plan) -> None:
    changed = [change for change in plan.destinations if not change.is_empty]
    if not changed:
        console.print("destinations: the same identifiers" if plan.destinations else "")
        return
    console.print("\ndestinations, in identifiers:")
    columns = ("added", "removed", "next sync adds", "and removes")
    made = table(("audience", "destination", "list", *columns, ""), counts=columns)
    for change in changed:
        made.add_row(
            change.audience,
            change.destination,
            shown(change.list_name),
            f"+{change.added:,}",
            f"-{change.removed:,}",
            f"{change.adds:,}",
            f"{change.removes:,}",
            "[yellow]held[/yellow]" if change.held else "",
        )
    console.print(made)
    for change in changed:
        if change.held:
            console.print(f"{change.audience} to {change.destination}: would be held: {change.held}")
