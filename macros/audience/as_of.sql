{# The time at which audiences are evaluated, as SQL: the var segmentloom_as_of, else the start of the run. UTC. #}
{% macro as_of() -%}
    {{ segmentloom.timestamp_literal(segmentloom.as_of_text()) }}
{%- endmacro %}

{# The same as ISO text. #}
{% macro as_of_text() -%}
    {%- set given = var('segmentloom_as_of', none) -%}
    {{ return(given if given else run_started_at.strftime('%Y-%m-%dT%H:%M:%S.%f')) }}
{%- endmacro %}
