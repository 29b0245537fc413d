{# Text as a 64-bit float, or null when it is no plain decimal or exponent number or too large: no blanks, no thousands separators, no infinity. #}
{% macro text_to_number(expression) -%}
    {%- set number = segmentloom.cast_to_double(expression) -%}
    case
        when {{ segmentloom.matches_fully(expression, '[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?') }}
            and abs({{ number }}) <= cast('1.7976931348623157e308' as {{ segmentloom.type_double() }})
            then {{ number }}
    end
{%- endmacro %}
