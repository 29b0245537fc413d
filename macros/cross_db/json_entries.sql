{#-
    A select of one row per top-level entry of a JSON object: `columns`, entry_key, entry_value (its JSON text).
    Nulls and anything that is no object have no entries.
-#}
{% macro json_entries(relation, json_column, columns) -%}
    {{ return(adapter.dispatch('json_entries', 'segmentloom')(relation, json_column, columns)) }}
{%- endmacro %}

{#-
    A map costs a twentieth of json_each(). DuckDB 2 makes none of an object that has a key twice: that is read key by
    key, which gives the first value for both.
-#}
{% macro default__json_entries(relation, json_column, columns) -%}
    {%- set object = 'objects.' ~ json_column -%}
    select
        {% for column in columns %}{{ column }}, {% endfor %}
        entry.key as entry_key,
        coalesce(cast(entry.value as varchar), 'null') as entry_value

    from (
        select
            {% for column in columns %}objects.{{ column }}, {% endfor %}
            unnest(coalesce(
                map_entries(json_transform({{ object }}, '"MAP(VARCHAR, JSON)"')),
                list_transform(
                    json_keys({{ object }}),
                    lambda name: struct_pack(
                        key := name,
                        value := json_extract({{ object }}, '/' || replace(replace(name, '~', '~0'), '/', '~1'))
                    )
                )
            )) as entry

        from {{ relation }} as objects

        where {{ object }} is not null
    ) as entries
{%- endmacro %}

{# json_keys() writes a key with special characters in quotes, as in a path. #}
{% macro bigquery__json_entries(relation, json_column, columns) -%}
    select
        {% for column in columns %}{{ column }}, {% endfor %}
        entry_key,
        to_json_string({{ json_column }}[entry_key]) as entry_value

    from (
        select
            objects.*,
            case
                when path_key like '"%"' then coalesce(json_value(safe.parse_json(path_key), '$'), path_key)
                else path_key
            end as entry_key

        from {{ relation }} as objects,
            unnest(json_keys(objects.{{ json_column }}, 1)) as path_key

        where json_type(objects.{{ json_column }}) = 'object'
    ) as entries
{%- endmacro %}

{% macro snowflake__json_entries(relation, json_column, columns) -%}
    select
        {% for column in columns %}objects.{{ column }}, {% endfor %}
        entries.key::varchar as entry_key,
        to_json(entries.value) as entry_value

    from {{ relation }} as objects,
        lateral flatten(input => objects.{{ json_column }}) as entries

    where left(to_json(objects.{{ json_column }}), 1) = '{'
{%- endmacro %}
