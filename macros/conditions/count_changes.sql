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
    {%- if step.as_of == step.known.as_of and not (has_new or step.stale or step.gone or step.newly_followed or step.unfollowed) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set width = [plan.width, step.has_columns] | max -%}
    {%- for number in range(step.has_columns + 1, width + 1) -%}
        {%- do run_query('alter table ' ~ target_relation ~ ' add column n_' ~ number ~ ' ' ~ segmentloom.type_count()) -%}
    {%- endfor -%}
    {%- set made = [] -%}
    {%- for part in segmentloom.parts_to_count(step.stale, plan, step) -%}
        {%- do made.append(segmentloom.make_scratch(scratch, 'stale_' ~ loop.index, segmentloom.counts_of_part(part, plan, step, width))) -%}
    {%- endfor -%}
    {%- if kept or deciding -%}
        {%- if step.has_retractions -%}
            {%- do segmentloom.make_scratch(scratch, 'recounted', segmentloom.retracted_keys('owners', step)) -%}
        {%- endif -%}
        {%- set moving = segmentloom.make_scratch(scratch, 'slices', segmentloom.events_that_move(step, leaves + deciding, has_new)) -%}
        {%- if deciding -%}
            {%- do segmentloom.make_scratch(scratch, 'deciding', segmentloom.deciding_owners(step, deciding, moving)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if kept -%}
        {%- do segmentloom.make_scratch(scratch, 'deltas', segmentloom.count_deltas(step, plan, kept, width, scratch)) -%}
        {%- do made.append(segmentloom.make_scratch(scratch, 'rows', segmentloom.changed_counts(step, plan, kept, width, scratch, target_relation))) -%}
    {%- endif -%}
    {%- do segmentloom.run_together(segmentloom.count_statements(step, scratch, made, width, target_relation)) -%}
    {{ return(true) }}
{%- endmacro %}

{# How the counts of each owner change by those events. #}
{% macro count_deltas(step, plan, kept, width, scratch) -%}
    {%- set extra = 'owner_key not in (select owner_key from ' ~ scratch.relations['recounted'] ~ ')' if step.has_retractions -%}
    select * from (
    {%- for event in kept %}
        {{ 'union all ' if not loop.first }}{{ segmentloom.counts_of_event(
            event, plan.counted[event], width, scratch.relations['slices'], step.as_of, step.known, extra
        ) }}
    {%- endfor %}
    ) as deltas

    where {{ segmentloom.any_count(width) }}
{%- endmacro %}

{# The rows of all owners whose counts change, as they are from now on. #}
{% macro changed_counts(step, plan, kept, width, scratch, target_relation) -%}
    select
        event,
        owner_key
        {%- for number in range(1, width + 1) %},
        cast(sum(n_{{ number }}) as {{ segmentloom.type_count() }}) as n_{{ number }}
        {%- endfor %}

    from (
        select counts.* from {{ target_relation }} as counts
        inner join (select event as moved_event, owner_key as moved_key from {{ scratch.relations['deltas'] }} as moved) as moved
            on moved_event = counts.event and moved_key = counts.owner_key

        union all

        select * from {{ scratch.relations['deltas'] }} as deltas
    ) as counts

    group by event, owner_key
    {%- if step.has_retractions %}
    {%- for event in kept %}

    union all {{ segmentloom.counts_of_event(
        event, plan.counted[event], width, ref('segmentloom__events'), step.as_of,
        extra='batch <= ' ~ step.to_batch ~ ' and owner_key in (select owner_key from ' ~ scratch.relations['recounted'] ~ ')',
    ) }}
    {%- endfor %}
    {%- endif %}
{%- endmacro %}
