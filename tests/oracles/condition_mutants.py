"""Wrong versions of the macros that count events, evaluate conditions and publish audiences."""

from __future__ import annotations

from typing import Final

from tests.oracles.workshop import SqlMutant

COUNTS = "macros/conditions/counts_of_event.sql"
MOVING = "macros/conditions/events_that_move.sql"
STEP = "macros/conditions/condition_step.sql"

IN_A_FULL_REFRESH: Final = {
    "windows begin a moment early": SqlMutant(
        COUNTS,
        "{%- if start %} and occurred_at > {{",
        "{%- if start %} and occurred_at >= {{",
    ),
    "windows end a moment early": SqlMutant(
        COUNTS,
        "    occurred_at <= {{ segmentloom.timestamp_literal(at) }}\n    {%- if start %}",
        "    occurred_at < {{ segmentloom.timestamp_literal(at) }}\n    {%- if start %}",
    ),
    "the owner with most counts for all of a profile": SqlMutant(
        "macros/conditions/evaluated_conditions.sql", "sum(counts.{{", "max(counts.{{"
    ),
    "who never did it did it zero times or more": SqlMutant(
        "macros/conditions/condition_bits.sql",
        "(operator == '=' and number == 0)",
        "(operator == '=' and number == 1)",
    ),
}
"""What counting everything shows."""

IN_A_LATER_BUILD: Final = {
    "new events are taken away as if they had been there": SqlMutant(
        COUNTS, "(passes + ['was_there', ", "(passes + ["
    ),
    "events that leave a window stay counted": SqlMutant(
        MOVING, "if start and [known_start, start] not in ranges", "if false and start"
    ),
    "events that come late are missed": SqlMutant(
        MOVING,
        "and {{ segmentloom.in_any_window(counters, step.as_of) }}",
        "and occurred_at > {{ segmentloom.timestamp_literal(step.known.as_of) }}"
        " and {{ segmentloom.in_any_window(counters, step.as_of) }}",
    ),
    "events that no longer count stay counted": SqlMutant(
        "macros/conditions/count_step.sql",
        "'has_retractions': step.from_batch < step.to_batch\n",
        "'has_retractions': false and step.from_batch < step.to_batch\n",
    ),
    "only who merged or split is looked at again": SqlMutant(
        STEP, "where batch > {{ step.counts.from_batch }} and", "where 1 = 0 and"
    ),
    "who merged or split is not looked at again": SqlMutant(
        STEP,
        "select profile_id from ({{ segmentloom.changed_profiles(step.profiles) }}) as changed",
        "select profile_id from ({{ segmentloom.changed_profiles(step.profiles) }}) as changed where 1 = 0",
    ),
    "sums, sequences and the like are as of the build before": SqlMutant(
        STEP, "known.{{ column }} <> direct.{{ column }}", "known.{{ column }} <> known.{{ column }}"
    ),
    "nobody leaves": SqlMutant(
        "macros/publish/find_moves.sql",
        "where members.profile_id is null or known.profile_id is null",
        "where known.profile_id is null",
    ),
    "what changed in the last build is not published": SqlMutant(
        "macros/publish/find_moves.sql",
        "' where batch > ' ~ batches | min",
        "' where batch < ' ~ batches | min",
    ),
}
"""What an evaluation shows that changes little."""

WITH_OTHER_AUDIENCES: Final = {
    "what is asked of an event may change unnoticed": SqlMutant(
        "macros/conditions/count_step.sql",
        "if known.get(event) != digest -%}{%- do stale",
        "if event not in known -%}{%- do stale",
    ),
}
"""What an evaluation shows for which audiences were added and changed."""

WITH_THE_SAME_CONDITIONS: Final = {
    "only who was looked at again is published of a changed audience": SqlMutant(
        "macros/publish/publications.sql", " and before.rules == now.rules", ""
    ),
}
"""What an evaluation shows for which an audience joins its conditions otherwise."""
