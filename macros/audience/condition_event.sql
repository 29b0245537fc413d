{# An event condition: what was found in its window, compared with its threshold. No such event counts as 0; a sequence
   or an occurrence is found or not. #}
{% macro condition_event(leaf, counts) -%}
    {%- set found = counts[segmentloom.event_key(leaf)] -%}
    {%- if 'aggregate' in leaf -%} {{ segmentloom.condition_aggregate(leaf['aggregate'], found) }}
    {%- else -%}
        {%- set threshold = leaf.get('distinct_days', leaf.get('count', {'operator': '>=', 'number': 1})) -%}
        {%- if threshold['operator'] not in ['>=', '>', '<=', '<', '=', '!='] -%}
            {{ exceptions.raise_compiler_error('segmentloom: a count compares with one of >= > <= < = !=') }}
        {%- endif -%}
        {%- set operator = '<>' if threshold['operator'] == '!=' else threshold['operator'] -%}
        coalesce({{ found.value }}, 0) {{ operator }} {{ segmentloom.literal(threshold['number']) }}
    {%- endif -%}
{%- endmacro %}
