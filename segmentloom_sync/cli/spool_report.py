"""Says what became of a spool that was loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segmentloom_sync import terminal
from segmentloom_sync.cli.shown import counted

if TYPE_CHECKING:
    from segmentloom_sync.spool.load import SpoolLoaded


def print_spool(loaded: SpoolLoaded, directory: Path, *, as_json: bool) -> None:
    """Print it: as JSON, with the keys that `load FILE` has and those of the spool, or in words."""
    events = loaded.events
    if as_json:
        terminal.print_json(
            {
                "files": loaded.segments,
                "read": events.read,
                "landed": events.landed,
                "duplicates": events.duplicates,
                "rejected": events.rejected,
                "reasons": dict(events.reasons),
                "unusable_phones": events.unusable_phones,
                "repeated": loaded.repeated,
                "recovered": loaded.recovered,
                "torn_bytes": loaded.torn_bytes,
                "quarantined": loaded.quarantined,
                "deleted": loaded.deleted,
            }
        )
        return
    say = terminal.stdout().print
    say(
        f"{counted(events.landed, 'event')} landed from {counted(loaded.segments, 'segment')}; "
        f"{counted(events.duplicates, 'duplicate')}, {events.rejected:,} rejected of {events.read:,} read"
    )
    if loaded.repeated:
        say(f"  {counted(loaded.repeated, 'segment')} in the warehouse already")
    if loaded.recovered:
        say(f"  {counted(loaded.recovered, 'segment')} recovered, {loaded.torn_bytes:,} torn bytes cut off")
    if loaded.quarantined:
        say(f"  {loaded.quarantined:,} unreadable, kept in {directory / 'quarantine'}", markup=False)
    for reason, count in sorted(events.reasons.items()):
        say(f"  {count:,} x {reason}", markup=False)
