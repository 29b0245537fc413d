{# Text as a 64-bit float, or null when it is no plain decimal or exponent number: no blanks, no thousands separators, no infinity. #}
{% macro text_to_number(expression) -%}
    case
        when {{ segmentloom.matches_fully(expression, '[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?') }}
            then {{ segmentloom.cast_to_double(expression) }}
    end
{%- endmacro %}
