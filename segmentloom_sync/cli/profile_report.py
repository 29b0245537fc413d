"""Prints a profile, or the path between two identifiers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from segmentloom_sync import terminal
from segmentloom_sync.cli.merge_table import link_table, merge_table, path_table
from segmentloom_sync.cli.refusal_lines import refusal_line
from segmentloom_sync.cli.shown import counted, shown, shown_time, table

if TYPE_CHECKING:
    from rich.table import Table

    from segmentloom_sync.identity.decisions import Decision
    from segmentloom_sync.identity.explain_path import PathAnswer
    from segmentloom_sync.identity.links import Link
    from segmentloom_sync.identity.profile import Profile
    from segmentloom_sync.identity.profile_identifiers import Member


def print_profile(profile: Profile) -> None:
    """Tables on stdout, notes on stderr."""
    console = terminal.stdout()
    summary = profile.summary
    console.print(f"[bold]profile {profile.found.profile_id}[/bold], from {shown(profile.oldest)}")
    console.print(
        f"{counted(profile.identifier_count, 'identifier')}, "
        f"{counted(summary.owned_event_count, 'owned event')}, "
        f"{shown_time(summary.first_seen_at)} to {shown_time(summary.last_seen_at)}"
    )
    console.print(_standing(profile))
    for title, rows in (
        ("identifiers", _identifiers(profile)),
        ("traits", _traits(profile)),
        ("audiences", _audiences(profile)),
        ("destinations", _destinations(profile)),
        ("merges", merge_table(profile.merges)),
    ):
        console.print()
        if rows.row_count:
            console.print(f"[bold]{title}[/bold]")
            console.print(rows)
        else:
            console.print(f"[bold]{title}[/bold]: none")
    console.print()
    refused = ", ".join(f"{number:,} {rule}" for rule, number in profile.refused_links.items() if number)
    console.print(f"[bold]refused links[/bold]: {refused or 'none'}")
    for note in profile.notes:
        terminal.say(f"note: {note}")


def print_path(answer: PathAnswer) -> None:
    """The links in order, or what stands between the two."""
    console = terminal.stdout()
    if answer.path:
        console.print(
            f"{counted(len(answer.path), 'link')} from {shown(answer.start)} to {shown(answer.end)}"
        )
        console.print(path_table(answer.start, answer.path))
    elif answer.path is not None:
        console.print(f"{shown(answer.start)} is that identifier itself")
    elif answer.profile_id != answer.end_profile_id:
        console.print(f"no path of links that count leads from {shown(answer.start)} to {shown(answer.end)}")
        console.print(f"{shown(answer.end)} is of profile {answer.end_profile_id}")
    else:
        console.print(f"no path was found in profile {answer.profile_id}; it may be split by the next build")
    if answer.direct is not None and answer.direct not in (answer.path or ()):
        console.print("an event shows the two together, but the link does not count:")
        console.print(link_table([answer.direct]))
    for refusal in answer.refused_by:
        console.print(refusal_line(refusal))
    if answer.decision is not None:
        console.print(_decided(answer.decision))
    for one in answer.unmerged:
        if one.link != answer.direct:
            console.print(f"a link between the two profiles, {_ends(one.link)}, was taken away:")
            console.print(_decided(one.decision))


def _ends(link: Link) -> str:
    return f"{shown(link.identifier)} - {shown(link.other)}"


def _decided(decision: Decision) -> str:
    who = shown(decision.requested_by)
    return f"{decision.action} by {who}, {shown_time(decision.decided_at)}: {shown(decision.reason)}"


def _standing(profile: Profile) -> str:
    summary = profile.summary
    parts = [
        f"ad_user_data {summary.ad_user_data_consent or 'unknown'}",
        f"ad_personalization {summary.ad_personalization_consent or 'unknown'}",
    ]
    if summary.is_opted_out:
        parts.append("[yellow]opted out[/yellow]")
    if summary.is_quarantined:
        parts.append("[yellow]quarantined: never sent[/yellow]")
    return ", ".join(parts)


def _identifiers(profile: Profile) -> Table:
    rows = table(
        ("identifier", "first seen", "last seen", "in events", "owned", "linked to", "by", "source", "event"),
        counts=("in events", "owned"),
    )
    for member in profile.identifiers:
        rows.add_row(
            shown(member.identifier),
            shown_time(member.first_seen_at),
            shown_time(member.last_seen_at),
            f"{member.event_count:,}",
            f"{member.owned_event_count:,}",
            *_link(member),
        )
    return rows


def _link(member: Member) -> tuple[str, str, str, str]:
    if member.step is None:
        return "?", "", "", ""
    link = member.step.link
    if link is None:
        return "(the oldest)", "", "", ""
    near = link.other if link.identifier == member.identifier else link.identifier
    return shown(near), link.rule, shown(link.source_id), shown(link.event_id)


def _traits(profile: Profile) -> Table:
    rows = table(("trait", "value", "source", "event", "occurred"))
    for trait in profile.traits:
        rows.add_row(
            shown(trait.name),
            shown(json.dumps(trait.value, ensure_ascii=False)),
            shown(trait.source_id),
            shown(trait.event_id),
            shown_time(trait.occurred_at),
        )
    return rows


def _audiences(profile: Profile) -> Table:
    rows = table(("audience", "entered"))
    for membership in profile.audiences:
        rows.add_row(membership.audience, shown_time(membership.entered_at))
    return rows


def _destinations(profile: Profile) -> Table:
    rows = table(("destination", "list", "audience", "identifier", "state", "since"))
    for holding in profile.destinations:
        rows.add_row(
            holding.destination,
            shown(holding.list_name),
            holding.audience,
            holding.identifier_type,
            holding.state,
            shown_time(holding.updated_at),
        )
    return rows
