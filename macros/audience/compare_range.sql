{# A value compared with one or two bounds: as numbers, or as timestamps when the bounds are {'timestamp': ISO text}. #}
{% macro compare_range(column, path, operator, value) -%}
    {%- set bounds = value if operator == 'between' else [value] -%}
    {%- if bounds[0] is mapping -%}
        {%- set actual = segmentloom.text_to_timestamp(segmentloom.json_raw_text(column, path)) -%}
    {%- else -%}
        {%- set actual = segmentloom.json_number(column, path) -%}
    {%- endif -%}
    {%- set limits = [] -%}
    {%- for bound in bounds -%}
        {%- if bound is mapping -%} {%- do limits.append(segmentloom.timestamp_literal(bound['timestamp'])) -%}
        {%- else -%} {%- do limits.append(segmentloom.double_literal(bound)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if operator == 'between' -%} coalesce({{ actual }} between {{ limits[0] }} and {{ limits[1] }}, false)
    {%- else -%} coalesce({{ actual }} {{ {'gt': '>', 'gte': '>=', 'lt': '<', 'lte': '<='}[operator] }} {{ limits[0] }}, false)
    {%- endif -%}
{%- endmacro %}
