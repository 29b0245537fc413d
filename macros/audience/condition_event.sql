{# An event condition: how often, within its window, compared with its threshold. No such event counts as 0. #}
{% macro condition_event(definition, counts) -%}
    {%- set threshold = definition.get('count', {'operator': '>=', 'number': 1}) -%}
    {%- if threshold['operator'] not in ['>=', '>', '<=', '<', '=', '!='] -%}
        {{ exceptions.raise_compiler_error('segmentloom: a count compares with one of >= > <= < = !=') }}
    {%- endif -%}
    {%- set operator = '<>' if threshold['operator'] == '!=' else threshold['operator'] -%}
    coalesce(event_counts.{{ counts[segmentloom.event_key(definition)].column }}, 0) {{ operator }} {{ segmentloom.literal(threshold['number']) }}
{%- endmacro %}
