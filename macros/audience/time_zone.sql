{# The time zone whose calendar days a condition means: its own, else the var segmentloom_time_zone, else UTC. #}
{% macro time_zone(leaf) -%}
    {%- set zone = leaf.get('time_zone') or var('segmentloom_time_zone', 'UTC') -%}
    {%- if zone not in modules.pytz.all_timezones_set -%}
        {{ exceptions.raise_compiler_error('segmentloom: ' ~ zone ~ ' is no time zone, such as Europe/Berlin') }}
    {%- endif -%}
    {{ return(zone) }}
{%- endmacro %}
