{# A number from an audience file as a 64-bit float constant. #}
{% macro double_literal(value) -%}
    {%- if value is boolean or value is not number -%}
        {{ exceptions.raise_compiler_error('segmentloom: a comparison needs a number') }}
    {%- endif -%}
    cast({{ segmentloom.literal(value) }} as {{ segmentloom.type_double() }})
{%- endmacro %}
