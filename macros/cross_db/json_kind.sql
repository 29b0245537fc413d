{# The kind of what lies at a path: 'string', 'number', 'boolean', 'object', 'array', or null when missing or JSON null. #}
{% macro json_kind(column, path) -%}
    {{ return(adapter.dispatch('json_kind', 'segmentloom')(column, path)) }}
{%- endmacro %}

{# A map looks the type up once; a `case` would parse the JSON again for each of its branches. #}
{% macro default__json_kind(column, path) -%}
    map_extract_value(
        map(
            ['VARCHAR', 'BOOLEAN', 'OBJECT', 'ARRAY', 'BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE'],
            ['string', 'boolean', 'object', 'array', 'number', 'number', 'number', 'number']
        ),
        json_type({{ column }}, {{ segmentloom.json_path(path) }})
    )
{%- endmacro %}

{% macro bigquery__json_kind(column, path) -%}
    nullif(json_type(json_query({{ column }}, {{ segmentloom.json_path(path) }})), 'null')
{%- endmacro %}

{# By the first character of the JSON text: typeof() tells numbers apart that are one kind to us. #}
{% macro snowflake__json_kind(column, path) -%}
    case left(to_json({{ segmentloom.snowflake_json_value(column, path) }})::string, 1)
        when '"' then 'string'
        when 't' then 'boolean'
        when 'f' then 'boolean'
        when '{' then 'object'
        when '[' then 'array'
        when 'n' then null
        when '' then null
        else case when {{ segmentloom.snowflake_json_value(column, path) }} is not null then 'number' end
    end
{%- endmacro %}
