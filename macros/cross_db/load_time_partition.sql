{# What follows the columns of a landed table: increments read by load time and should be billed for that only. #}
{% macro load_time_partition() -%}
    {{ return(adapter.dispatch('load_time_partition', 'segmentloom')()) }}
{%- endmacro %}

{% macro default__load_time_partition() -%}
    {{ return('') }}
{%- endmacro %}

{% macro bigquery__load_time_partition() -%}
    {{ return(' partition by timestamp_trunc(loaded_at, day)') }}
{%- endmacro %}
