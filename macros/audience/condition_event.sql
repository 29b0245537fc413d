{# An event condition: what was found in its window, compared with its threshold. No such event counts as 0; a sequence
   or an occurrence is found or not. #}
{% macro condition_event(leaf, findings) -%}
    {%- set found = findings[segmentloom.event_key(leaf)] -%}
    {%- if 'aggregate' in leaf -%} {{ segmentloom.condition_aggregate(leaf['aggregate'], found) }}
    {%- else -%}
        {%- set threshold = leaf.get('distinct_days', leaf.get('count', {'operator': '>=', 'number': 1})) -%}
        {{ segmentloom.compare_count('coalesce(' ~ found.value ~ ', 0)', threshold) }}
    {%- endif -%}
{%- endmacro %}
