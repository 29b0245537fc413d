{# An event condition: how often, within its window, compared with its threshold. No such event counts as 0. #}
{% macro condition_event(definition, counts) -%}
    {%- set threshold = definition.get('count', {'operator': '>=', 'number': 1}) -%}
    {%- if threshold['operator'] not in ['>=', '>', '<=', '<', '=', '!='] -%}
        {{ exceptions.raise_compiler_error('segmentloom: a count compares with one of >= > <= < = !=') }}
    {%- endif -%}
    {%- set operator = '<>' if threshold['operator'] == '!=' else threshold['operator'] -%}
    coalesce(event_counts.{{ counts[segmentloom.event_key(definition)].column }}, 0) {{ operator }} {{ segmentloom.literal(threshold['number']) }}
{%- endmacro %}

{# Whether an event is one that a condition counts: name, window and properties. Null counts as no. #}
{% macro counted_event(definition) -%}
    event = {{ segmentloom.literal(definition['event']) }}
    {%- if 'within_hours' in definition %}
            and occurred_at > {{ segmentloom.timestamp_minus_hours(segmentloom.as_of(), definition['within_hours']) }}
    {%- endif %}
    {%- for filter in definition.get('where', []) %}
            and {{ segmentloom.compare('properties', filter['property'], filter) | trim }}
    {%- endfor %}
{%- endmacro %}

{# The events that any of the conditions can count, so that engines read no more than these. #}
{% macro counted_range(counts) -%}
    {%- set names = [] -%}
    {%- set windows = [] -%}
    {%- for count in counts.values() -%}
        {%- do names.append(segmentloom.literal(count.condition['event'])) -%}
        {%- do windows.append(count.condition.get('within_hours')) -%}
    {%- endfor %}
        event in ({{ names | unique | join(', ') }})
        and occurred_at <= {{ segmentloom.as_of() }}
    {%- if none not in windows %}
        and occurred_at > {{ segmentloom.timestamp_minus_hours(segmentloom.as_of(), windows | max) }}
    {%- endif %}
{%- endmacro %}
