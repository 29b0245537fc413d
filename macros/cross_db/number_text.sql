{# The text of a number that an engine wrote: 5, 5.0 and 5e0 all become 5. Whole numbers keep all of their digits. #}
{% macro number_text(expression) -%}
    {%- set number = segmentloom.cast_to_double(expression) -%}
    case
        when {{ segmentloom.matches_fully(expression, '-?[1-9][0-9]*') }} then {{ expression }}
        when {{ number }} = floor({{ number }}) and abs({{ number }}) < 1000000000000000
            then cast(cast({{ number }} as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }})
        else {{ expression }}
    end
{%- endmacro %}
