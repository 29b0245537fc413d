{#-
    A short key that stands for a text. Keys differ between engines: keep them out of public relations.

    Whole numbers of 60 bits, where they are cheap: joins on them cost half of those on text. Two texts share one
    with a chance of 1 in 2,000,000 among a million, 1 in 200 among 100 million; who uses it tests that it is unique.
-#}
{% macro identifier_key(expression) -%}
    {{ return(adapter.dispatch('identifier_key', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__identifier_key(expression) -%}
    cast('0x' || substr(sha256({{ expression }}), 1, 15) as bigint)
{%- endmacro %}

{% macro bigquery__identifier_key(expression) -%}
    cast(concat('0x', substr(to_hex(sha256({{ expression }})), 1, 15)) as int64)
{%- endmacro %}

{% macro snowflake__identifier_key(expression) -%}
    substr(sha2({{ expression }}, 256), 1, 32)
{%- endmacro %}
