{#-
    An aggregate: the JSON text of the object that has as entries those rows of which a condition holds, in the order of
    their keys. `value` is JSON text. Without such rows null, or the empty object.
-#}
{% macro json_of_entries(key, value, condition) -%}
    {{ return(adapter.dispatch('json_of_entries', 'segmentloom')(key, value, condition)) }}
{%- endmacro %}

{# Sorting each list costs half of an ordered string_agg(). #}
{% macro default__json_of_entries(key, value, condition) -%}
    '{' || array_to_string(
        list_transform(
            list_sort(list(struct_pack(key := {{ key }}, value := {{ value }})) filter (where {{ condition }})),
            lambda entry: cast(to_json(entry.key) as varchar) || ':' || entry.value
        ),
        ','
    ) || '}'
{%- endmacro %}

{% macro bigquery__json_of_entries(key, value, condition) -%}
    '{' || {{ dbt.listagg(
        measure='case when ' ~ condition ~ ' then ' ~ segmentloom.json_to_text(key) ~ " || ':' || " ~ value ~ ' end',
        delimiter_text="','",
        order_by_clause='order by ' ~ key,
    ) }} || '}'
{%- endmacro %}

{% macro snowflake__json_of_entries(key, value, condition) -%}
    {{ return(segmentloom.bigquery__json_of_entries(key, value, condition)) }}
{%- endmacro %}
