"""Wrong versions of the macros and views that derive identities."""

from __future__ import annotations

from tests.oracles.workshop import SqlMutant

CHANGED = "macros/identity/changed_identifiers.sql"
TOUCHED = "macros/identity/touched_identifiers.sql"

IN_A_LATER_BUILD = {
    "known profiles survive older newcomers": SqlMutant(
        TOUCHED,
        "case when is_gone then 1 else 0 end, first_seen_at",
        "case when is_gone then 1 else 0 end, case when former_profile_id is null then 1 else 0 end,"
        " first_seen_at",
    ),
    "identifiers are as old as their first link": SqlMutant(
        TOUCHED,
        "        present.first_seen_at,\n",
        "        coalesce(\n"
        "            (select min(shown.first_seen_at) from {{ ref('int_segmentloom__event_links') }} as shown"
        " where present.identifier_key in (shown.identifier_key, shown.other_key)),\n"
        "            present.first_seen_at\n"
        "        ) as first_seen_at,\n",
    ),
    "identifiers stay as old as they ever were": SqlMutant(
        TOUCHED,
        "        present.first_seen_at,\n",
        "        least(present.first_seen_at, coalesce(former.first_seen_at, present.first_seen_at))"
        " as first_seen_at,\n",
    ),
    "what was merged once stays merged, whatever the guards say": SqlMutant(
        "macros/identity/touched_links.sql",
        "where dropped.identifier_key is null",
        "where dropped.identifier_key is null or one.former_profile_id = other.former_profile_id",
    ),
    "the guards look at new links alone": SqlMutant(
        "macros/identity/stitch.sql",
        "segmentloom.link_refusals(event_links, alias_links, ",
        "segmentloom.link_refusals('(select * from ' ~ event_links"
        " ~ ' as recent where batch > ' ~ step.from_batch ~ ')', alias_links, ",
    ),
    "the guards look at links that nobody unmerged": SqlMutant(
        "macros/identity/link_refusals.sql",
        "    {{ segmentloom.all_links(event_links, alias_links, condition) }}\n",
        "    select * from ({{ segmentloom.all_links(event_links, alias_links, condition) }}) as every_link"
        " where not exists (select 1 from {{ ref('int_segmentloom__suppressed_links') }} as suppressed"
        " where suppressed.identifier_key = every_link.identifier_key"
        " and suppressed.other_key = every_link.other_key)\n",
    ),
    "a device keeps its two earliest links": SqlMutant(
        "macros/identity/link_refusals.sql", "and place > 1", "and place > 2"
    ),
    "who a rule changes its mind about is not looked at": SqlMutant(
        TOUCHED,
        "select other_key as identifier_key from flipped",
        "select other_key as identifier_key from flipped where false",
    ),
    "only what changed is stitched, not its whole profile": SqlMutant(
        TOUCHED,
        "where component_key in (\n"
        "        select component_key from {{ identity_map }}"
        " where identifier_key in (select identifier_key from seeds)\n"
        "    )",
        "where identifier_key in (select identifier_key from seeds)",
    ),
    "a previous_id keeps its type": SqlMutant(
        CHANGED, "or previous_id in (select identifier_value from turned_values)", ""
    ),
    "displaced events count on": SqlMutant(
        "macros/incremental/fold_step.sql", "'has_retractions': retractions > 0", "'has_retractions': false"
    ),
    "displaced events split nothing": SqlMutant(
        CHANGED, ") as retracted_identifiers", ") as retracted_identifiers where false"
    ),
    "decisions wait until something else happens": SqlMutant(
        CHANGED,
        "where override_id in ({{ segmentloom.text_list(step.overrides) }})",
        "where false",
    ),
    "a decision is about one direction": SqlMutant(
        "models/identity/int_segmentloom__suppressed_links.sql",
        "override_id, reason, requested_by from unmerged\n\nunion all",
        "override_id, reason, requested_by from unmerged where one_key < two_key\n\nunion all",
    ),
    "counts of untouched identifiers are left as they were": SqlMutant(
        "macros/identity/stitched_identifiers.sql",
        "as batch from recounted\n",
        "as batch from recounted where false\n",
    ),
    "the last batch counts twice": SqlMutant(
        "macros/incremental/fold_step.sql",
        "{% macro events_to_fold(step, events) -%}\n",
        "{% macro events_to_fold(step, events) -%}\n"
        "{%- set step = dict(step, from_batch=step.from_batch - 1) -%}\n",
    ),
    "loads that say they are older than the last are passed over": SqlMutant(
        "macros/incremental/loads_to_read.sql",
        "loaded_at >= {{ segmentloom.timestamp_literal(step.first_loaded_at) }} and",
        "loaded_at > (select max(known.loaded_at) from {{ this }} as known) and",
    ),
    "the last delivery counts": SqlMutant(
        "macros/incremental/comes_before.sql",
        "{{ one }}.{{ column }} < {{ other }}.{{ column }}",
        "{{ one }}.{{ column }} > {{ other }}.{{ column }}",
    ),
    "a profile that is no more stays": SqlMutant(
        "macros/identity/stitch_statements.sql",
        "as touched where former_profile_id is not null",
        "as touched where former_profile_id is null",
    ),
    "splits are not told of": SqlMutant(
        "macros/identity/profile_splits.sql",
        "where moves.profile_id <> heirs.profile_id",
        "where moves.profile_id < heirs.profile_id",
    ),
}
"""What a build on top of others must show."""

IN_A_FULL_REFRESH = {
    "a full refresh forgets decisions": SqlMutant(
        "macros/identity/dropped_links.sql",
        "from {{ ref('int_segmentloom__suppressed_links') }}",
        "from {{ ref('int_segmentloom__suppressed_links') }} where {{ not flags.FULL_REFRESH }}",
    ),
    "a full refresh tells the whole story again": SqlMutant(
        TOUCHED,
        "former as (\n\n    select * from {{ identity_map }}\n\n),",
        "former as (\n\n    select * from {{ identity_map }} where false\n\n),",
    ),
    "a full refresh keeps what rules refused before": SqlMutant(
        "macros/identity/stitch_statements.sql",
        "for table in [map, refused, changes]",
        "for table in [map, changes]",
    ),
}
"""What a full refresh must show."""
