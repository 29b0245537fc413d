{# Meta: lower case, no blanks; of a US code with extension the first five digits. #}
{% macro normalize_meta_postal_code(expression) -%}
    {%- set clean = segmentloom.without_blanks('lower(' ~ expression ~ ')') -%}
    case
        when {{ segmentloom.matches_fully(clean, '[0-9]{5}-[0-9]{4}') }} then substr({{ clean }}, 1, 5)
        else nullif({{ clean }}, '')
    end
{%- endmacro %}
