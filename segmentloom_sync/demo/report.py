"""Puts the demo's story into tables and into JSON."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from segmentloom_sync.demo.run import STATE, Story
from segmentloom_sync.sync.match_rates import describe

GUARDS = {
    "shared_email": "addresses of more than five accounts tie nobody together (guard a)",
    "kiosk": "devices of more than ten accounts tie nobody together (guard b)",
    "later_link": "devices stay with the first account or address seen on them (guard c)",
    "oversized_profile": "profiles with too many identifiers are never sent (guard d)",
}
LOOK = (
    (
        "Who came and went on the second sync:",
        "select audience, change, count(*) from segmentloom.audience_membership_log where changed_at =\n"
        "    (select max(evaluated_at) from segmentloom.audience_sizes) group by all;",
    ),
    (
        "What each list may hold:",
        "select destination, list_name, state, count(*) from segmentloom_sync.ledger group by all;",
    ),
    (
        "What was sent in each run:",
        "select audience, destination, adds, removes, status from segmentloom_sync.runs order by started_at;",
    ),
    (
        "Which links were refused, and why:",
        "select rule, identifier_type, count(*) from segmentloom.identity_conflicts group by all;",
    ),
    (
        "Which lines could not be landed:",
        "select reason, count(*) from segmentloom_raw.rejected_events group by all;",
    ),
)


def lines(story: Story) -> Iterator[str]:
    """The report, line by line."""
    yield from _section("Events", _landings(story))
    yield from _section("Persons", _persons(story))
    yield from _section("Audiences", _audiences(story))
    yield from _section("Sent and acknowledged, in identifiers", _syncs(story))
    yield from _section("Match rates, as the platforms report them two days later", _match_rates(story))
    yield from _section("Where to look next", _look(story))


def document(story: Story) -> dict[str, Any]:
    """The report with stable keys."""
    agreement = story.agreement
    return {
        "ok": story.is_right,
        "directory": str(story.directory),
        "landings": [asdict(landing) | {"is_right": landing.is_right} for landing in story.landings],
        "persons": agreement and asdict(agreement),
        "refused": [
            dict(zip(("rule", "identifier_type", "identifiers"), row, strict=True)) for row in story.refused
        ],
        "audiences": [dict(zip(("audience", "members"), row, strict=True)) for row in story.sizes],
        "previews": story.previews,
        "syncs": story.syncs,
        "lists": [asdict(check) | {"is_right": check.is_right} for check in story.lists],
        "left_to_send": story.left_to_send,
        "match_rates": story.match_rates,
    }


def _section(title: str, body: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    yield "-" * len(title)
    yield from body


def _landings(story: Story) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("", "lines", "events", "again", "late", "rejected", "as written")]
    for name, landing in zip(("history", "the day after"), story.landings, strict=True):
        counts = (landing.read, landing.landed, landing.duplicates, landing.written.late, landing.rejected)
        rows.append((name, *(f"{count:,}" for count in counts), _yes(landing.is_right)))
    yield from _table(rows)
    if story.day is not None:
        signed_up, bought = f"{story.day.new_customers:,}", f"{story.day.buyers:,}"
        yield f"  On the day after, {signed_up} persons sign up, {bought} buy what was in their cart,"
        yield "  one changes their address, and one opts out (Global Privacy Control)."


def _persons(story: Story) -> Iterator[str]:
    agreement = story.agreement
    if agreement is None:
        return
    rows = [(f"{agreement.persons:,}", "persons in the shop")]
    rows += [(f"{count:+,}", why) for count, why in agreement.differences if count]
    rows.append((f"{agreement.profiles_expected:,}", "profiles can be known"))
    found = f"profiles found; {agreement.unexplained:,} differ from the truth in any identifier"
    rows.append((f"{agreement.profiles_found:,}", found))
    yield from _table(rows)
    yield ""
    yield from _table([(f"{count:,}", GUARDS.get(rule, rule)) for rule, _, count in story.refused])


def _audiences(story: Story) -> Iterator[str]:
    after = dict(story.sizes)
    rows = [("audience", "first sync", "second sync")]
    for preview in story.previews:
        name = preview["audience"]
        rows.append((name, f"{preview['members']:,}", f"{after.get(name, 0):,}"))
    return _table(rows)


def _syncs(story: Story) -> Iterator[str]:
    first, second = ({(run["audience"], run["destination"]): run for run in sync} for sync in story.syncs)
    holds = {(check.destination, check.name): check for check in story.lists}
    heading = (
        "audience",
        "destination",
        "sent 1st",
        "ack",
        "added 2nd",
        "removed",
        "ack",
        "list holds",
        "as wanted",
    )
    rows: list[tuple[str, ...]] = [heading]
    for key, run in first.items():
        later, check = second[key], holds[run["destination"], run["list"]]
        counts = (
            run["adds"] + run["removes"],
            run["accepted"],
            later["adds"],
            later["removes"],
            later["accepted"],
        )
        rows.append((*key, *(f"{count:,}" for count in (*counts, check.holds)), _yes(check.is_right)))
    yield from _table(rows)
    yield f"A third sync would send {story.left_to_send:,}."


def _match_rates(story: Story) -> Iterator[str]:
    rows = [("destination", "list", "", "reported")]
    for rate in story.match_rates:
        source = " ".join(filter(None, (rate["source"], rate["identifier_type"])))
        rows.append((rate["destination"], rate["list"], source, describe(rate)))
    return _table(rows)


def _look(story: Story) -> Iterator[str]:
    yield f"Open {story.directory / 'warehouse.duckdb'} with any DuckDB client and paste:"
    for question, sql in LOOK:
        yield f"  -- {question}"
        yield from (f"  {line}" for line in sql.splitlines())
    yield f"Change a file in audiences/ and go on from here, in {story.directory}:"
    program = _program()
    yield f"  {program} simulate --state {STATE}    # in another terminal: as they were left"
    yield f"  {program} preview cart_abandoners"
    yield f"  {program} run"


def _program() -> str:
    """Our command as this person can type it: in a clone it is not on the PATH."""
    name = "segmentloom-sync"
    return name if shutil.which(name) else str(Path(sys.executable).parent / name)


def _yes(right: bool) -> str:
    return "yes" if right else "NO"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as they need be; what looks like a number stands to the right."""
    if not rows:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = [all(_is_number(row[column]) for row in rows[-1:]) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        yield ("  " + "  ".join(cells)).rstrip()


def _is_number(cell: str) -> bool:
    return cell.lstrip("+-").replace(",", "").isdigit()
