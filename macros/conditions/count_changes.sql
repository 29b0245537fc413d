{#-
    Brings the counts to where the events and the windows are now; returns whether there was anything to do. Events that
    come into a window or leave it, and new ones, change what is there; where events no longer count, all of their
    owner are counted again. Of the conditions that no count answers it finds the owners whose events may have changed them.
-#}
{% macro count_changes(step, plan, scratch, target_relation) -%}
    {%- set kept, leaves, deciding = [], [], segmentloom.deciding_events(plan) -%}
    {%- for event in plan.counted if event not in step.stale -%}
        {%- do kept.append(event) -%}
        {%- do leaves.extend(plan.counted[event] | map(attribute='leaf') | list) -%}
    {%- endfor -%}
    {%- set has_new = step.from_batch < step.to_batch -%}
    {%- set has_others = step.stale or step.gone or step.newly_followed or step.unfollowed -%}
    {%- if step.as_of == step.known.as_of and not (has_new or has_others) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set width = [plan.width, step.has_columns] | max -%}
    {%- for number in range(step.has_columns + 1, width + 1) -%}
        {%- do run_query(
            'alter table ' ~ target_relation ~ ' add column n_' ~ number ~ ' ' ~ segmentloom.type_count()
        ) -%}
    {%- endfor -%}
    {%- set made = [] -%}
    {%- for part in segmentloom.parts_to_count(step.stale, plan, step) -%}
        {%- set queries = segmentloom.counts_of_part(part, plan, step, width) -%}
        {%- do made.append(segmentloom.make_scratch_of(scratch, 'stale_' ~ loop.index, queries)) -%}
    {%- endfor -%}
    {%- if kept or deciding -%}
        {%- if step.has_retractions -%}
            {%- do segmentloom.make_scratch(scratch, 'recounted', segmentloom.retracted_keys('owners', step)) -%}
        {%- endif -%}
        {%- set leaves = leaves + deciding -%}
        {%- set windows = segmentloom.numbered_windows(leaves) -%}
        {%- do segmentloom.make_scratch(scratch, 'moving', segmentloom.events_that_move(step, leaves, windows, has_new)) -%}
        {%- if deciding -%}
            {%- set queries = segmentloom.deciding_owners(deciding, windows, scratch.relations['moving']) -%}
            {%- do segmentloom.make_scratch_of(scratch, 'deciding', queries) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if kept -%}
        {%- set queries = segmentloom.count_deltas(step, plan, kept, width, windows, scratch) -%}
        {%- do segmentloom.make_scratch_of(scratch, 'deltas', queries) -%}
        {%- set queries = segmentloom.changed_counts(step, plan, kept, width, scratch, target_relation) -%}
        {%- do made.append(segmentloom.make_scratch_of(scratch, 'rows', queries)) -%}
    {%- endif -%}
    {%- do segmentloom.run_together(segmentloom.count_statements(step, scratch, made, width, target_relation)) -%}
    {{ return(true) }}
{%- endmacro %}

{# How the counts of each owner change by those events, as queries. #}
{% macro count_deltas(step, plan, kept, width, windows, scratch) -%}
    {%- set recounted = scratch.relations['recounted'] if step.has_retractions -%}
    {%- set extra = 'owner_key not in (select owner_key from ' ~ recounted ~ ')' if recounted -%}
    {%- set queries = [] -%}
    {%- for event in kept -%}
        {%- do queries.append(segmentloom.counts_of_event(
            event, plan.counted[event], width, scratch.relations['moving'], windows, extra=extra
        )) -%}
    {%- endfor -%}
    {{ return(segmentloom.counts_together(queries, width)) }}
{%- endmacro %}

{# The rows of all owners whose counts change, as they are from now on, as queries. Those that say nothing now are among them. #}
{% macro changed_counts(step, plan, kept, width, scratch, target_relation) -%}
    {%- set changed -%}
    select
        event,
        owner_key
        {%- for number in range(1, width + 1) %},
        sum(n_{{ number }})
        {%- endfor %}

    from (
        select counts.* from {{ target_relation }} as counts
        inner join (select event as moved_event, owner_key as moved_key from {{ scratch.relations['deltas'] }} as moved) as moved
            on moved_event = counts.event and moved_key = counts.owner_key

        union all

        select * from {{ scratch.relations['deltas'] }} as deltas
    ) as counts

    group by event, owner_key
    {%- endset -%}
    {%- set queries = [changed] -%}
    {%- for event in kept if step.has_retractions -%}
        {%- do queries.append(segmentloom.counts_of_all(
            event, plan.counted[event], width, step,
            'owner_key in (select owner_key from ' ~ scratch.relations['recounted'] ~ ')',
        )) -%}
    {%- endfor -%}
    {{ return(segmentloom.counts_together(queries, width, zeros=true)) }}
{%- endmacro %}
