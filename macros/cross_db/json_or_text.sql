{# JSON text of a text: of one that is a JSON array or object that value, of any other a JSON string; null of null. #}
{% macro json_or_text(expression) -%}
    {{ return(adapter.dispatch('json_or_text', 'segmentloom')(expression)) }}
{%- endmacro %}

{% macro default__json_or_text(expression) -%}
    case
        when left({{ expression }}, 1) in ('[', '{') and json_valid({{ expression }}) then {{ expression }}
        else cast(to_json({{ expression }}) as varchar)
    end
{%- endmacro %}

{% macro bigquery__json_or_text(expression) -%}
    case
        when {{ expression }} is null then null
        when
            substr({{ expression }}, 1, 1) in ('[', '{')
            and safe.parse_json({{ expression }}, wide_number_mode => 'round') is not null
            then {{ expression }}
        else to_json_string({{ expression }})
    end
{%- endmacro %}

{% macro snowflake__json_or_text(expression) -%}
    case
        when left({{ expression }}, 1) in ('[', '{') and try_parse_json({{ expression }}) is not null then {{ expression }}
        else to_json(to_variant({{ expression }}))
    end
{%- endmacro %}
