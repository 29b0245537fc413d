{# How often something happened, as SQL, compared with a threshold: {operator, number}. #}
{% macro compare_count(count, threshold) -%}
    {%- if threshold['operator'] not in ['>=', '>', '<=', '<', '=', '!='] -%}
        {{ exceptions.raise_compiler_error('segmentloom: a count compares with one of >= > <= < = !=') }}
    {%- endif -%}
    ({{ count }} {{ '<>' if threshold['operator'] == '!=' else threshold['operator'] }} {{ segmentloom.literal(threshold['number']) }})
{%- endmacro %}
