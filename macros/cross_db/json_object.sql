{# The JSON object that a column of JSON or of JSON text holds; null when it holds anything else. #}
{% macro json_object(expression) -%}
    {{ return(adapter.dispatch('json_object', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__json_object(expression) -%}
    case
        when json_type(to_json({{ expression }})) = 'OBJECT' then to_json({{ expression }})
        when json_type(try_cast(to_json({{ expression }}) ->> '$' as json)) = 'OBJECT'
            then try_cast(to_json({{ expression }}) ->> '$' as json)
    end
{%- endmacro %}

{% macro bigquery__json_object(expression) -%}
    case
        when json_type(to_json({{ expression }})) = 'object' then to_json({{ expression }})
        when json_type(safe.parse_json(json_value(to_json({{ expression }}), '$'), wide_number_mode => 'round')) = 'object'
            then safe.parse_json(json_value(to_json({{ expression }}), '$'), wide_number_mode => 'round')
    end
{%- endmacro %}

{% macro snowflake__json_object(expression) -%}
    case
        when left(to_json(to_variant({{ expression }})), 1) = '{' then to_variant({{ expression }})
        when left(to_json(try_parse_json(to_variant({{ expression }})::varchar)), 1) = '{'
            then try_parse_json(to_variant({{ expression }})::varchar)
    end
{%- endmacro %}

{# The same of a column that is known to be text. #}
{% macro text_json_object(expression) -%}
    {{ return(adapter.dispatch('text_json_object', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__text_json_object(expression) -%}
    case when json_type(try_cast({{ expression }} as json)) = 'OBJECT' then try_cast({{ expression }} as json) end
{%- endmacro %}

{% macro bigquery__text_json_object(expression) -%}
    {{ segmentloom.bigquery__json_object(expression) }}
{%- endmacro %}

{% macro snowflake__text_json_object(expression) -%}
    case when left(ltrim({{ expression }}), 1) = '{' then try_parse_json({{ expression }}) end
{%- endmacro %}
