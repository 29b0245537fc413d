{#-
    The CTEs that find out about events what conditions ask, in one pass that they share: `event_findings` (profile_id and a
    column for each finding but sequences), and one for each sequence.

    events   what the pass reads, as the relation of a `from`: profile_id, source_id, event_id, event, occurred_at, properties
    at       the time that windows end at, ISO text
-#}
{% macro findings_of_events(findings, events, at) -%}
events as (

    select
        *
        {%- if findings.values() | selectattr('leaf.occurrence', 'defined') | list %},
        row_number() over (
            partition by profile_id, event order by occurred_at, source_id, event_id
        ) as place_from_first,
        row_number() over (
            partition by profile_id, event order by occurred_at desc, source_id desc, event_id desc
        ) as place_from_last
        {%- endif %}

    from {{ events }}

    where {{ segmentloom.counted_range(findings, at) | trim }}

),
{%- set measures = findings.values() | rejectattr('leaf.sequence', 'defined') | list %}
{%- if measures %}

event_findings as (

    select
        profile_id
        {%- for finding in measures %},
        {{ segmentloom.event_measure(finding.leaf, at) | trim }} as {{ finding.column }}
        {%- if finding.numbers is defined %},
        {{ segmentloom.event_numbers(finding.leaf, at) | trim }} as {{ finding.column }}_numbers
        {%- endif %}
        {%- endfor %}

    from events

    group by 1

),
{%- endif %}
{%- for finding in findings.values() if 'sequence' in finding.leaf %}

{{ finding.column }} as (

    {{ segmentloom.sequence_profiles(finding.leaf, 'events', at) | trim }}

),
{%- endfor %}
{%- endmacro %}
