{# Microseconds since 1970 of a UTC timestamp: the one form of a time that every engine writes alike. #}
{% macro epoch_microseconds(expression) -%}
    {{ return(adapter.dispatch('epoch_microseconds', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__epoch_microseconds(expression) -%}
    epoch_us({{ expression }})
{%- endmacro %}

{% macro bigquery__epoch_microseconds(expression) -%}
    unix_micros({{ expression }})
{%- endmacro %}

{% macro snowflake__epoch_microseconds(expression) -%}
    date_part(epoch_microsecond, {{ expression }})
{%- endmacro %}
