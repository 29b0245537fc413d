{# A value in a JSON column compared with what a condition asks for: true or false, never null.
   `condition` holds exactly one operator; a missing value is false for all but is_not, not_in and exists: false. #}
{% macro compare(column, path, condition) -%}
    {%- set operators = [] -%}
    {%- for key in condition if key not in ['trait', 'property'] -%}
        {%- do operators.append(key) -%}
    {%- endfor -%}
    {%- if operators | length != 1 -%}
        {{ exceptions.raise_compiler_error('segmentloom: a comparison has exactly one operator') }}
    {%- endif -%}
    {%- set operator = operators[0] -%}
    {%- set value = condition[operator] -%}
    {%- if operator == 'is' -%} {{ segmentloom.compare_in(column, path, [value]) }}
    {%- elif operator == 'is_not' -%} not {{ segmentloom.compare_in(column, path, [value]) }}
    {%- elif operator == 'in' -%} {{ segmentloom.compare_in(column, path, value) }}
    {%- elif operator == 'not_in' -%} not {{ segmentloom.compare_in(column, path, value) }}
    {%- elif operator in ['gt', 'gte', 'lt', 'lte', 'between'] -%} {{ segmentloom.compare_range(column, path, operator, value) }}
    {%- elif operator in ['contains', 'starts_with'] -%} {{ segmentloom.compare_text(column, path, operator, value) }}
    {%- elif operator == 'exists' -%} {{ segmentloom.compare_exists(column, path, value) }}
    {%- else -%}
        {{ exceptions.raise_compiler_error('segmentloom: unknown operator ' ~ operator) }}
    {%- endif -%}
{%- endmacro %}
