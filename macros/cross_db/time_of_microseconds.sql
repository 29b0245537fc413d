{# The UTC timestamp that a whole number of microseconds since 1970 is. #}
{% macro time_of_microseconds(number) -%}
    {{ return(adapter.dispatch('time_of_microseconds', 'segmentloom')(number)) }}
{%- endmacro %}

{% macro default__time_of_microseconds(number) -%}
    make_timestamp({{ number }})
{%- endmacro %}

{% macro bigquery__time_of_microseconds(number) -%}
    timestamp_micros({{ number }})
{%- endmacro %}

{% macro snowflake__time_of_microseconds(number) -%}
    to_timestamp_ntz({{ number }}, 6)
{%- endmacro %}

{# A text of a number of milliseconds since 1970 as a UTC timestamp; null when it is none. #}
{% macro time_of_millisecond_text(expression) -%}
    case
        when {{ segmentloom.matches_fully(expression, '[0-9]{12,14}') }}
            then {{ segmentloom.time_of_microseconds('cast(' ~ expression ~ ' as ' ~ dbt.type_bigint() ~ ') * 1000') }}
    end
{%- endmacro %}
