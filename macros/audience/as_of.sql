{# The time at which audiences are evaluated, as SQL: the var segmentloom_as_of, else the start of the run. UTC. #}
{% macro as_of() -%}
    {%- set given = var('segmentloom_as_of', none) -%}
    {{ segmentloom.timestamp_literal(given if given else run_started_at.strftime('%Y-%m-%dT%H:%M:%S.%f')) }}
{%- endmacro %}
