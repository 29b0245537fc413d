{# One of 10,000 buckets, from 0, that a text always falls into, on every engine into the same: by 60 bits of its SHA-256. #}
{% macro hash_bucket(expression) -%}
    {{ return(adapter.dispatch('hash_bucket', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__hash_bucket(expression) -%}
    mod({{ segmentloom.identifier_key(expression) }}, 10000)
{%- endmacro %}

{# Its identifier keys are texts. #}
{% macro snowflake__hash_bucket(expression) -%}
    mod(to_number(substr(sha2({{ expression }}, 256), 1, 15), 'XXXXXXXXXXXXXXX'), 10000)
{%- endmacro %}
