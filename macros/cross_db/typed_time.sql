{#-
    A UTC timestamp from a column whose type is known: of a timestamp the column itself, so that an engine can pass over
    partitions by it; of anything else what `utc_timestamp` makes of it. `type` is in lower case.
-#}
{% macro typed_time(expression, type) -%}
    {{ return(adapter.dispatch('typed_time', 'segmentloom')(expression, type)) }}
{%- endmacro %}

{% macro default__typed_time(expression, type) -%}
    {%- if type == 'timestamp' -%}{{ return(expression) }}
    {%- elif type == 'timestamp with time zone' -%}{{ return("timezone('UTC', " ~ expression ~ ')') }}
    {%- endif -%}
    {{ return(segmentloom.utc_timestamp(expression)) }}
{%- endmacro %}

{% macro bigquery__typed_time(expression, type) -%}
    {{ return(expression if type == 'timestamp' else segmentloom.utc_timestamp(expression)) }}
{%- endmacro %}

{% macro snowflake__typed_time(expression, type) -%}
    {{ return(expression if type == 'timestamp_ntz' else segmentloom.utc_timestamp(expression)) }}
{%- endmacro %}
