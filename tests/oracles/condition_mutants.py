"""Wrong versions of the macros that count events, evaluate conditions and publish audiences."""

from __future__ import annotations

from typing import Final

from tests.oracles.workshop import SqlMutant

WORDS = "macros/conditions/words_of_counts.sql"
WINDOW = "macros/conditions/in_window.sql"
MOVING = "macros/conditions/events_that_move.sql"
STEP = "macros/conditions/condition_step.sql"
TOUCHED = "macros/conditions/touched_profiles.sql"
DECIDING = "macros/conditions/deciding_events.sql"
STATEMENTS = "macros/conditions/count_statements.sql"
CHANGES = "macros/conditions/evaluate_changes.sql"
ANEW = "macros/conditions/evaluate_anew.sql"

IN_A_FULL_REFRESH: Final = {
    "windows begin a moment early": SqlMutant(
        WINDOW,
        "{%- if start %} and occurred_at > {{",
        "{%- if start %} and occurred_at >= {{",
    ),
    "windows end a moment early": SqlMutant(
        WINDOW,
        "    occurred_at <= {{ segmentloom.timestamp_literal(at) }}\n    {%- if start %}",
        "    occurred_at < {{ segmentloom.timestamp_literal(at) }}\n    {%- if start %}",
    ),
    "the owner with most counts for all of a profile": SqlMutant(WORDS, "'sum(counts.'", "'max(counts.'"),
    "who has one owner did nothing": SqlMutant(WORDS, "'not in ' ~ several", "'in ' ~ several"),
    "the owners of a profile are not added up": SqlMutant(
        WORDS, "'in ' ~ several, is_added=true", "'in ' ~ several"
    ),
    "conditions are read from the bits of others": SqlMutant(
        "macros/conditions/condition_words.sql",
        "'word_' ~ place // 62, place % 62",
        "'word_' ~ place // 62, (place + 1) % 62",
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
        MOVING, "batch <= {{ step.known.batch }} and {{", "{{"
    ),
    "events that leave a window stay counted": SqlMutant(
        MOVING, "if start and [known_start, start] not in ranges", "if false and start"
    ),
    "events that come late are missed": SqlMutant(
        MOVING,
        "and {{ segmentloom.in_any_window(leaves, step.as_of) }}",
        "and occurred_at > {{ segmentloom.timestamp_literal(step.known.as_of) }}"
        " and {{ segmentloom.in_any_window(leaves, step.as_of) }}",
    ),
    "events that no longer count stay counted": SqlMutant(
        "macros/conditions/count_step.sql",
        "'has_retractions': step.from_batch < step.to_batch\n",
        "'has_retractions': false and step.from_batch < step.to_batch\n",
    ),
    "only who merged or split is looked at again": SqlMutant(
        TOUCHED, "where batch > {{ step.counts.from_batch }} and", "where 1 = 0 and"
    ),
    "who merged or split is not looked at again": SqlMutant(
        TOUCHED,
        "select profile_id from ({{ segmentloom.changed_profiles(step.profiles) }}) as changed",
        "select profile_id from ({{ segmentloom.changed_profiles(step.profiles) }}) as changed where 1 = 0",
    ),
    "sums, sequences and the like are as of the build before": SqlMutant(
        STATEMENTS, "'recounted', 'deciding'", "'recounted'"
    ),
    "sums and the like stay when an event leaves their window": SqlMutant(
        DECIDING, "[dict(window, event=", "[dict(event="
    ),
    "nobody leaves": SqlMutant(
        "macros/publish/find_moves.sql",
        "where members.profile_id is null or known.profile_id is null",
        "where known.profile_id is null",
    ),
    "what changed in the last build is not published": SqlMutant(
        "macros/publish/compare_changed.sql",
        "' where batch > ' ~ batches | min",
        "' where batch < ' ~ batches | min",
    ),
}
"""What an evaluation shows that changes little."""

OF_DECIDING_EVENTS: Final = {
    "nobody is looked at for sums and the like": SqlMutant(
        STATEMENTS, "'recounted', 'deciding'", "'recounted'"
    ),
    "what leaves a window decides nothing": SqlMutant(DECIDING, "[dict(window, event=", "[dict(event="),
    "sums and the like miss events that come late": SqlMutant(DECIDING, "' <> was_in_' ~", "' <> in_' ~"),
    "events that no longer count decide on": SqlMutant(STATEMENTS, "'recounted', 'deciding'", "'deciding'"),
    "only the first step decides a sequence": SqlMutant(
        DECIDING, "leaf.get('sequence', [leaf])", "leaf.get('sequence', [leaf])[:1]"
    ),
    "what lies before the window decides no occurrence": SqlMutant(
        DECIDING, "{%- if 'occurrence' in leaf -%}{%- do", "{%- if false -%}{%- do"
    ),
    "what does not pass decides no occurrence": SqlMutant(DECIDING, "{} if 'occurrence' in leaf else {", "{"),
    "days are over an hour late": SqlMutant(
        DECIDING, "'within_hours', 'within_calendar_days', ", "'within_hours', "
    ),
}
"""What an evaluation shows for which only events decide whom to look at."""

OF_COUNTING_ANEW: Final = {
    "what an event that is counted anew says is kept": SqlMutant(
        STEP, "followed.get(column, 0) > step.counts.from_batch", "false"
    ),
    "what an event that is counted anew says is not published": SqlMutant(
        CHANGES, "['touched', 'differing']", "['touched']"
    ),
}
"""What an evaluation shows for which an event was counted anew while its windows slid."""

OF_RETURNING_CONDITIONS: Final = {
    "only who changed since is compared": SqlMutant(
        STEP, "anew | select('in', dropped) | list | length > 0", "false"
    ),
}
"""What an evaluation shows with conditions that were dropped before."""

WITH_OTHER_AUDIENCES: Final = {
    "what is asked of an event may change unnoticed": SqlMutant(
        "macros/conditions/count_step.sql",
        "if known.get(event) != digest -%}{%- do stale",
        "if event not in known -%}{%- do stale",
    ),
    "what is new holds only for who was looked at again": SqlMutant(
        ANEW,
        "segmentloom.stored_answer(anew_at[column], 'anew') if column in anew_at",
        "(segmentloom.stored_answer(anew_at[column], 'anew') if column in known_at else 'false')"
        " if column in anew_at",
    ),
    "who was looked at again is not published with new conditions": SqlMutant(
        CHANGES, "['touched', 'differing']", "['differing']"
    ),
    "with new conditions the others are as of the build before": SqlMutant(
        ANEW,
        "    where known.profile_id not in (select profile_id from {{ scratch.relations['touched'] }})\n"
        "    {%- if 'rows' in scratch.relations %}",
        "    {%- if false %}",
    ),
}
"""What an evaluation shows for which audiences were added and changed."""

WITH_THE_SAME_CONDITIONS: Final = {
    "only who was looked at again is published of a changed audience": SqlMutant(
        "macros/publish/publications.sql", " and before.rules == now.rules", ""
    ),
}
"""What an evaluation shows for which an audience joins its conditions otherwise."""
