{#-
    A UTC timestamp from a column of any date or time type or ISO 8601 text (no zone = UTC); null when unreadable.
-#}
{% macro utc_timestamp(expression) -%}
    {{ return(adapter.dispatch('utc_timestamp', 'segmentloom')(expression)) }}
{%- endmacro %}

{# A cast of text to `timestamp` would drop the offset, one to `timestamptz` would take the session's zone when there is none. #}
{% macro default__utc_timestamp(expression) -%}
    case
        when regexp_matches(trim(cast({{ expression }} as varchar)), ':\d\d([.]\d+)? *(Z|z|[+-]\d\d(:?\d\d)?)$')
            then try_cast(trim(cast({{ expression }} as varchar)) as timestamptz) at time zone 'UTC'
        else try_cast(trim(cast({{ expression }} as varchar)) as timestamp)
    end
{%- endmacro %}

{% macro bigquery__utc_timestamp(expression) -%}
    safe_cast(trim(cast({{ expression }} as string)) as timestamp)
{%- endmacro %}

{# Text of a timestamp column would lose its microseconds, so only text is read as text. #}
{% macro snowflake__utc_timestamp(expression) -%}
    case
        when typeof(to_variant({{ expression }})) in ('TIMESTAMP_LTZ', 'TIMESTAMP_TZ')
            then convert_timezone('UTC', to_variant({{ expression }})::timestamp_tz)::timestamp_ntz
        when typeof(to_variant({{ expression }})) in ('TIMESTAMP_NTZ', 'DATE')
            then to_timestamp_ntz(to_variant({{ expression }}))
        when regexp_like(trim(to_varchar({{ expression }})), '.*:[0-9]{2}([.][0-9]+)? *(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)')
            then convert_timezone('UTC', try_cast(trim(to_varchar({{ expression }})) as timestamp_tz))::timestamp_ntz
        else try_cast(trim(to_varchar({{ expression }})) as timestamp_ntz)
    end
{%- endmacro %}
