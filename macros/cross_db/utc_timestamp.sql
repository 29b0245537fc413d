{#-
    A UTC timestamp from a column of any date or time type or ISO 8601 text (no zone = UTC); null when unreadable.

    Read as text, since a cast would take the session's or the project's zone where there is none, drop the offset,
    or take digits for an epoch, each engine in its own way.
-#}
{% macro utc_timestamp(expression) -%}
    {{ return(adapter.dispatch('utc_timestamp', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__utc_timestamp(expression) -%}
    {{ segmentloom.text_to_timestamp(
        segmentloom.plain_time_text('cast(' ~ expression ~ ' as ' ~ dbt.type_string() ~ ')')
    ) }}
{%- endmacro %}

{# Text of a timestamp column would lose its microseconds, so only text is read as text. #}
{% macro snowflake__utc_timestamp(expression) -%}
    case
        when typeof(to_variant({{ expression }})) in ('TIMESTAMP_LTZ', 'TIMESTAMP_TZ')
            then convert_timezone('UTC', to_variant({{ expression }})::timestamp_tz)::timestamp_ntz
        when typeof(to_variant({{ expression }})) in ('TIMESTAMP_NTZ', 'DATE')
            then to_timestamp_ntz(to_variant({{ expression }}))
        else {{ segmentloom.text_to_timestamp(segmentloom.plain_time_text('to_varchar(' ~ expression ~ ')')) }}
    end
{%- endmacro %}
