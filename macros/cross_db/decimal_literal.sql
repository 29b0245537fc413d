{# A number from an audience file as an exact constant. From its text: a bare number could be read as a float first. #}
{% macro decimal_literal(value) -%}
    {%- if value is boolean or value is not number -%}
        {{ exceptions.raise_compiler_error('segmentloom: a comparison needs a number') }}
    {%- endif -%}
    cast({{ segmentloom.literal(value | string) }} as {{ segmentloom.type_decimal() }})
{%- endmacro %}
