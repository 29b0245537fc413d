{# The calendar day of a UTC timestamp in a time zone. #}
{% macro local_day(timestamp, zone) -%}
    {{ return(adapter.dispatch('local_day', 'segmentloom')(timestamp, segmentloom.literal(zone))) }}
{%- endmacro %}

{% macro default__local_day(timestamp, zone) -%}
    cast(timezone({{ zone }}, timezone('UTC', {{ timestamp }})) as date)
{%- endmacro %}

{% macro bigquery__local_day(timestamp, zone) -%}
    date({{ timestamp }}, {{ zone }})
{%- endmacro %}

{% macro snowflake__local_day(timestamp, zone) -%}
    to_date(convert_timezone('UTC', {{ zone }}, {{ timestamp }}))
{%- endmacro %}
