{# The UTC time of a timestamp that is local time of a zone. #}
{% macro zoned_to_utc(timestamp, zone) -%}
    {{ return(adapter.dispatch('zoned_to_utc', 'segmentloom')(timestamp, segmentloom.literal(zone))) }}
{%- endmacro %}

{% macro default__zoned_to_utc(timestamp, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ timestamp }}))
{%- endmacro %}

{% macro bigquery__zoned_to_utc(timestamp, zone) -%}
    timestamp(datetime({{ timestamp }}), {{ zone }})
{%- endmacro %}

{% macro snowflake__zoned_to_utc(timestamp, zone) -%}
    convert_timezone({{ zone }}, 'UTC', {{ timestamp }})
{%- endmacro %}
