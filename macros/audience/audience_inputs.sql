{# The import CTEs of an audience, and the one pass over the events that all of its event conditions share. #}
{% macro audience_inputs(definition, findings) -%}
profiles as (

    select * from {{ ref('segmentloom__profiles') }}

),
{%- for name in segmentloom.used_audiences(definition) %}

members_of_{{ name }} as (

    select profile_id from {{ ref('audience_' ~ name) }}

),
{%- endfor %}
{%- if findings %}

{{ segmentloom.findings_of_events(findings, ref('int_segmentloom__profile_events'), segmentloom.as_of_text()) | trim }}
{%- endif %}
{%- endmacro %}
