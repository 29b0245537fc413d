{#-
    Makes scratch tables of the conditions that no count answers, for the profiles of some identifiers, and returns them as
    {relation, columns}: none when the plan has no such conditions, several where one statement would be too long. Each is one
    pass over the events of those identifiers, in as many parts as it takes that no statement has to keep more events than
    memory holds.
-#}
{% macro make_uncounted(scratch, name, plan, owners, step) -%}
    {%- if not plan.uncounted -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set most, tables = 20000000, [] -%}
    {%- set events = segmentloom.scratch_numbers(
        scratch, 'select count(*) from ' ~ segmentloom.events_of_owners(plan, owners, step)
    ) -%}
    {%- set buckets = events[0] // most + 1 -%}
    {%- set all = segmentloom.uncounted_conditions(plan, owners, step) -%}
    {%- set pieces = all | length // segmentloom.longest_text() + 1 -%}
    {%- for columns in plan.uncounted | slice(pieces) -%}
        {%- set part, queries = segmentloom.part_of_plan(plan, columns), [] -%}
        {%- for bucket in range(buckets) if pieces * buckets > 1 -%}
            {%- set is_in = segmentloom.key_bucket('component_key', buckets) ~ ' = ' ~ bucket -%}
            {%- set some = '(select * from ' ~ owners ~ ' as owners where ' ~ is_in ~ ')' if buckets > 1 else owners -%}
            {%- do queries.append(segmentloom.uncounted_conditions(part, some, step)) -%}
        {%- endfor -%}
        {%- set relation = segmentloom.make_scratch_of(scratch, name ~ '_' ~ loop.index, queries or [all]) -%}
        {%- do tables.append({'relation': relation, 'columns': columns}) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}

{# The query for them. Its profiles are those whose first identifier is among the owners. #}
{% macro uncounted_conditions(plan, owners, step) -%}
    {%- set leaves = [] -%}
    {%- for column in plan.uncounted -%}{%- do leaves.append(plan.leaves[column]) -%}{%- endfor -%}
    {%- set definition = {'match': {'all': leaves}} -%}
    {%- set findings = segmentloom.event_findings(definition) -%}
with

{{ segmentloom.findings_of_events(findings, segmentloom.events_of_owners(plan, owners, step), step.as_of) | trim }}

final as (

    select
        profiles.profile_id
        {%- for column in plan.uncounted %},
        {{ segmentloom.condition(plan.leaves[column], findings) | trim }} as {{ column }}
        {%- endfor %}

    from (
        select profile_id from {{ owners }} as owners
        where identifier_key = component_key
    ) as profiles
    {{- segmentloom.audience_joins(definition, findings) }}

)

select * from final
{%- endmacro %}

{# The events that can decide such conditions, with their profiles, as a subquery. #}
{% macro events_of_owners(plan, owners, step) -%}
    {%- set deciding, names = segmentloom.deciding_events(plan), [] -%}
    {%- for one in deciding -%}{%- do names.append(one['event']) -%}{%- endfor -%}
    {%- set start = segmentloom.earliest_start(deciding, step.as_of) -%}
    (
        select
            owners.profile_id,
            events.source_id,
            events.event_id,
            events.event,
            events.occurred_at,
            events.properties

        from {{ ref('segmentloom__events') }} as events
        inner join {{ owners }} as owners on owners.identifier_key = events.owner_key

        where
            events.event in ({{ segmentloom.text_list(names | unique(case_sensitive=true) | list) }})
            and events.event_date <= cast('{{ step.as_of[:10] }}' as date)
            {%- if start %}
            and events.event_date >= cast('{{ start[:10] }}' as date)
            {%- endif %}
    ) as profile_events
{%- endmacro %}
