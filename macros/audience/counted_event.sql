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
