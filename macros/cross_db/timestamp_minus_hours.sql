{# A timestamp a whole number of hours earlier. #}
{% macro timestamp_minus_hours(timestamp, hours) -%}
    {{ return(adapter.dispatch('timestamp_minus_hours', 'segmentloom')(timestamp, hours)) }}
{%- endmacro %}

{% macro default__timestamp_minus_hours(timestamp, hours) -%}
    {{ timestamp }} - to_hours({{ segmentloom.literal(hours) }})
{%- endmacro %}

{% macro bigquery__timestamp_minus_hours(timestamp, hours) -%}
    timestamp_sub({{ timestamp }}, interval {{ segmentloom.literal(hours) }} hour)
{%- endmacro %}

{% macro snowflake__timestamp_minus_hours(timestamp, hours) -%}
    dateadd('hour', -{{ segmentloom.literal(hours) }}, {{ timestamp }})
{%- endmacro %}
