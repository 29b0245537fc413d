"""Wrong versions of the macros that decide who is a member."""

from __future__ import annotations

from tests.oracles.workshop import SqlMutant

AUDIENCE = "macros/audience/"
WINDOW = f"{AUDIENCE}window_start.sql"
SEQUENCE = f"{AUDIENCE}sequence_profiles.sql"
MEASURE = f"{AUDIENCE}event_measure.sql"
AGGREGATE = f"{AUDIENCE}condition_aggregate.sql"
MEMBERSHIP = f"{AUDIENCE}membership_condition.sql"

MUTANTS = {
    "a window has its start": SqlMutant(
        f"{AUDIENCE}counted_event.sql", "occurred_at > {{ start }}", "occurred_at >= {{ start }}"
    ),
    "a window has no end": SqlMutant(
        f"{AUDIENCE}counted_range.sql", "occurred_at <= {{ segmentloom.timestamp_literal(at) }}", "true"
    ),
    "a window lacks its end": SqlMutant(
        f"{AUDIENCE}counted_range.sql", "occurred_at <= {{", "occurred_at < {{"
    ),
    "calendar days begin a day early": SqlMutant(WINDOW, "days=days - 1", "days=days"),
    "calendar days begin after their midnight": SqlMutant(WINDOW, "microseconds=1", "microseconds=0"),
    "calendar days are those of UTC": SqlMutant(WINDOW, "days, segmentloom.time_zone(leaf)", "days, 'UTC'"),
    "one test of where is enough": SqlMutant(
        f"{AUDIENCE}counted_event.sql", "leaf.get('where', [])", "leaf.get('where', [])[:1]"
    ),
    "where may hold of another event": SqlMutant(
        f"{AUDIENCE}event_measure.sql",
        "        count(case when {{ counted }} then 1 end)\n    {%- endif",
        "        least(\n"
        "            count(*)\n"
        "            {%- for test in leaf.get('where', []) %},\n"
        "            count(case when {{ segmentloom.counted_event(dict(leaf, where=[test]), at) | trim }}"
        " then 1 end)\n"
        "            {%- endfor %}\n"
        "        )\n    {%- endif",
    ),
    "steps may happen at one time": SqlMutant(SEQUENCE, "and 1 preceding", "and current row"),
    "a chain starts as early as it can": SqlMutant(SEQUENCE, "then max(start_", "then min(start_"),
    "a sequence forgets its window": SqlMutant(SEQUENCE, "and occurred_at > {{ start }}", "and true"),
    "steps have less than their time": SqlMutant(
        SEQUENCE, "}} >= {{ segmentloom.timestamp_minus", "}} > {{ segmentloom.timestamp_minus"
    ),
    "a sequence ends with its second step": SqlMutant(
        SEQUENCE, "{%- set last = 'start_' ~ steps | length -%}", "{%- set last = 'start_2' -%}"
    ),
    "the first is the last": SqlMutant(MEASURE, "place_from_{{ leaf['occurrence'] }}", "place_from_last"),
    "the first is the first of the window": SqlMutant(
        f"{AUDIENCE}counted_range.sql", "none if 'occurrence' in finding.leaf else ", ""
    ),
    "the first is the first that passes where": SqlMutant(
        f"{AUDIENCE}findings_of_events.sql",
        "partition by profile_id, event order by occurred_at, source_id, event_id",
        "partition by profile_id, event,"
        " {% for finding in findings.values() %}{{ segmentloom.matching_event(finding.leaf) }}"
        "{{ ', ' if not loop.last }}{% endfor %} order by occurred_at, source_id, event_id",
    ),
    "ties ignore the source": SqlMutant(
        f"{AUDIENCE}findings_of_events.sql",
        "order by occurred_at, source_id, event_id",
        "order by occurred_at, event_id",
    ),
    "days are those of UTC": SqlMutant(
        MEASURE, "'occurred_at', segmentloom.time_zone(leaf)", "'occurred_at', 'UTC'"
    ),
    "days count as often as their events": SqlMutant(MEASURE, "count(distinct case", "count(case"),
    "a sum of nothing is 0": SqlMutant(
        AGGREGATE, "coalesce({{ found.value }} {{", "coalesce(coalesce({{ found.value }}, 0) {{"
    ),
    "is_not needs a number": SqlMutant(
        AGGREGATE,
        "join(' and ') }}, false)",
        "join(' and ') }}, {{ 'true' if operator == 'is_not' else 'false' }})",
    ),
    "an average is over all events": SqlMutant(
        MEASURE,
        "then {{ segmentloom.measured_value(leaf['aggregate']) | trim }} end)\n{%- endmacro",
        "then 1 end)\n{%- endmacro",
    ),
    "an average is a sum": SqlMutant(AGGREGATE, " ~ ' * ' ~ found.numbers", ""),
    "the least is the greatest": SqlMutant(
        MEASURE,
        "'sum' if function == 'avg' else function",
        "{'avg': 'sum', 'min': 'max'}.get(function, function)",
    ),
    "sums have two digits after the point": SqlMutant(
        "macros/cross_db/type_decimal.sql", "return('decimal(38, 9)')", "return('decimal(38, 2)')"
    ),
    "huge numbers count": SqlMutant(
        "macros/cross_db/text_to_decimal.sql", "double_literal(1e18)", "double_literal(1e28)"
    ),
    "who is excluded is let in": SqlMutant(
        MEMBERSHIP, "'not (' ~ segmentloom.condition(", "'(' ~ segmentloom.condition("
    ),
    "match or not excluded is enough": SqlMutant(MEMBERSHIP, "parts | join(' and ')", "parts | join(' or ')"),
    "who is held out is drawn among 1,000": SqlMutant(
        "macros/cross_db/hash_bucket.sql", "expression) }}, 10000)", "expression) }}, 1000)"
    ),
    "all groups hold out the same": SqlMutant(f"{AUDIENCE}held_out.sql", " ~ holdout['group'] ~ ", " ~ "),
    "the others are held out": SqlMutant(
        f"{AUDIENCE}held_out.sql", "profile_id') }} <", "profile_id') }} >="
    ),
    "no audience comes first": SqlMutant(MEMBERSHIP, "definition.get('outranked_by', [])", "[]"),
    "one audience comes first": SqlMutant(
        MEMBERSHIP, "definition.get('outranked_by', [])", "definition.get('outranked_by', [])[:1]"
    ),
    "who comes first keeps off whom it leaves out": SqlMutant(
        MEMBERSHIP,
        "segmentloom.taken_condition(first, findings)",
        "segmentloom.condition(first['match'], findings)",
    ),
}
"""What random audiences over messy events must show."""
