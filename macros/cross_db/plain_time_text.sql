{#- Text of a time in capitals, without blanks around it and before its zone, and zones with minutes, as engines and people let them out. -#}
{% macro plain_time_text(expression) -%}
    regexp_replace(
        regexp_replace(upper(trim({{ expression }})), {{ segmentloom.literal(' +([Z+-])') }}, {{ segmentloom.literal('\\1') }}),
        {{ segmentloom.literal('(:[0-9]{2}([.][0-9]+)?[+-][0-9]{2})$') }}, {{ segmentloom.literal('\\1:00') }}
    )
{%- endmacro %}
