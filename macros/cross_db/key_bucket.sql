{# Which of so many parts a key of `identifier_key` belongs to, from 0. #}
{% macro key_bucket(key, buckets) -%}
    {{ return(adapter.dispatch('key_bucket', 'segmentloom')(key, buckets)) }}
{%- endmacro %}

{% macro default__key_bucket(key, buckets) -%}
    mod({{ key }}, {{ buckets }})
{%- endmacro %}

{# Its keys are hex digits. #}
{% macro snowflake__key_bucket(key, buckets) -%}
    mod(to_number(substr({{ key }}, 1, 8), 'XXXXXXXX'), {{ buckets }})
{%- endmacro %}
