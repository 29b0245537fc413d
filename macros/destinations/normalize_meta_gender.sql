{# Meta: f or m; any other text is null. #}
{% macro normalize_meta_gender(expression) -%}
    case
        when {{ segmentloom.trim_lower(expression) }} in ('f', 'female', 'woman') then 'f'
        when {{ segmentloom.trim_lower(expression) }} in ('m', 'male', 'man') then 'm'
    end
{%- endmacro %}
