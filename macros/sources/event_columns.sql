{# The columns of an event that its source gives, in the order of `S.events`. #}
{% macro event_columns() -%}
    {{ return([
        'event_id', 'source_id', 'type', 'event', 'occurred_at', 'received_at', 'loaded_at', 'anonymous_id', 'user_id',
        'previous_id', 'email', 'phone', 'properties', 'traits', 'context',
    ]) }}
{%- endmacro %}

{# What is known of a delivery of a configured source, in this order. #}
{% macro stated_columns() -%}
    {{ return(segmentloom.event_columns() + ['load_id', 'line_number', 'content', 'refusal']) }}
{%- endmacro %}

{# Which of several deliveries of one event counts: the first by these. #}
{% macro delivery_order() -%}
    {{ return(['loaded_at', 'load_id', 'line_number', 'received_at']) }}
{%- endmacro %}
