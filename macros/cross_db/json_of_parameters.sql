{#-
    The JSON text of an object from the text of an array of {key, value: {string_value, int_value, double_value,
    float_value}}, as Google Analytics writes parameters. The first value that is there counts; keys without one are left
    out; the order of the array does not matter.
-#}
{% macro json_of_parameters(expression) -%}
    {{ return(adapter.dispatch('json_of_parameters', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro parameter_values() -%}
    {{ return(['string_value', 'int_value', 'double_value', 'float_value']) }}
{%- endmacro %}

{% macro default__json_of_parameters(expression) -%}
    '{' || array_to_string(
        list_sort(list_filter(
            list_transform(
                cast({{ expression }} as json[]),
                lambda entry: cast(json_extract(entry, '$.key') as varchar) || ':' || coalesce(
                    {%- for name in segmentloom.parameter_values() %}
                    nullif(cast(json_extract(entry, '$.value.{{ name }}') as varchar), 'null'){{ ',' if not loop.last }}
                    {%- endfor %}
                )
            ),
            lambda entry: entry is not null
        )),
        ','
    ) || '}'
{%- endmacro %}

{% macro bigquery__json_of_parameters(expression) -%}
    (
        select '{' || coalesce(string_agg(entry, ',' order by entry), '') || '}'

        from (
            select
                json_query(parameter, '$.key') || ':' || coalesce(
                    {%- for name in segmentloom.parameter_values() %}
                    nullif(json_query(parameter, '$.value.{{ name }}'), 'null'){{ ',' if not loop.last }}
                    {%- endfor %}
                ) as entry

            from unnest(json_query_array({{ expression }}, '$')) as parameter
        ) as entries
    )
{%- endmacro %}

{% macro snowflake__json_of_parameters(expression) -%}
    (
        select '{' || coalesce(listagg(entry, ',') within group (order by entry), '') || '}'

        from (
            select
                to_json(parameter.value['key']) || ':' || coalesce(
                    {%- for name in segmentloom.parameter_values() %}
                    nullif(to_json(parameter.value['value']['{{ name }}']), 'null'){{ ',' if not loop.last }}
                    {%- endfor %}
                ) as entry

            from table(flatten(input => parse_json({{ expression }}))) as parameter
        ) as entries
    )
{%- endmacro %}
