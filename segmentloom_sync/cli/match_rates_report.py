"""Match reports and the hygiene of identifiers, as JSON and as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from segmentloom_sync import terminal
from segmentloom_sync.cli.shown import shown, shown_time, table
from segmentloom_sync.sync.hygiene import CAUSES, IdentifierCounts, Observation
from segmentloom_sync.sync.match_rates import describe

_BARS: Final = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_DIGITS: Final = "01234567"
"""The same for terminals that know ASCII only."""
_LONGEST: Final = 20


def identifiers_document(
    counts: Iterable[IdentifierCounts], found: Iterable[Observation], now: datetime
) -> list[dict[str, Any]]:
    """What is so now of each list and kind of identifier, with what the runs found, the oldest first.

    Args:
        counts: as of `now`.
        found: what runs stored; that of lists which no audience fills any more is left out.
    """
    history: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in found:
        history.setdefault(_key(one.counts), []).append(
            {
                "observed_at": one.observed_at,
                "members": one.counts.members,
                "usable": one.counts.usable,
                "causes": one.counts.causes,
            }
        )
    return [
        {
            "audience": one.audience,
            "destination": one.destination,
            "list": one.list_name,
            "identifier_type": one.identifier_type,
            "observed_at": now,
            "members": one.members,
            "usable": one.usable,
            "causes": one.causes,
            "history": history.get(_key(one), []),
        }
        for one in counts
    ]


def print_report(rates: Sequence[dict[str, Any]], identifiers: Sequence[dict[str, Any]]) -> None:
    """Print both as tables: what the platforms say, then what the members have."""
    console = terminal.stdout()
    marks = _BARS if console.encoding.lower().startswith("utf") else _DIGITS
    if rates:
        console.print(_rates_table(rates, marks))
    else:
        console.print("no platform has reported anything yet; to ask: segmentloom-sync match-rates --refresh")
    if identifiers:
        console.print()
        console.print(_identifiers_table(identifiers, marks))


def sparkline(shares: Sequence[float], marks: str = _BARS) -> str:
    """Shares from 0 to 1 as a row of bars, the last twenty of them."""
    top = len(marks) - 1
    return "".join(marks[round(min(max(share, 0.0), 1.0) * top)] for share in shares[-_LONGEST:])


def _rates_table(rates: Sequence[dict[str, Any]], marks: str) -> Any:
    made = table(("audience", "destination", "list", "kind", "reported", "so far", "as", "at"))
    for rate in rates:
        made.add_row(
            rate["audience"],
            rate["destination"],
            shown(rate["list"]),
            rate["identifier_type"] or "",
            describe(rate),
            sparkline(_reported_shares(rate), marks),
            rate["source"],
            shown_time(rate["observed_at"]),
        )
    return made


def _identifiers_table(identifiers: Sequence[dict[str, Any]], marks: str) -> Any:
    causes = [cause.replace("_", " ") for cause in CAUSES]
    names = ("audience", "destination", "list", "kind", "members", "usable", "so far", *causes)
    made = table(names, counts=("members", "usable", *causes))
    for entry in identifiers:
        made.add_row(
            entry["audience"],
            entry["destination"],
            shown(entry["list"]),
            entry["identifier_type"],
            f"{entry['members']:,}",
            f"{entry['usable']:,}",
            sparkline([_share(one["usable"], one["members"]) for one in entry["history"]], marks),
            *(f"{entry['causes'][cause]:,}" for cause in CAUSES),
        )
    return made


def _reported_shares(rate: dict[str, Any]) -> list[float]:
    """Reports as shares: of what was submitted, of a hundred per cent, or of the most people so far."""
    history = rate["history"]
    if rate["kind"] == "counts":
        return [_share(one["matched"] or 0, one["submitted"] or 0) for one in history]
    middles = [_middle(one["lower"], one["upper"]) for one in history]
    whole = 100.0 if rate["kind"] in ("range", "percent") else max(middles, default=0.0)
    return [_share(middle, whole) for middle in middles]


def _middle(lower: float | None, upper: float | None) -> float:
    known = [end for end in (lower, upper) if end is not None]
    return sum(known) / len(known) if known else 0.0


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _key(counts: IdentifierCounts) -> tuple[str, ...]:
    return (counts.audience, counts.destination, counts.list_name, counts.identifier_type)
