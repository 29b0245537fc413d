{# The landed tables that models read, with their columns. The loader makes the same. #}
{% macro raw_tables() -%}
    {%- set text, number = dbt.type_string(), dbt.type_bigint() -%}
    {%- set time, json = segmentloom.type_timestamp(), segmentloom.type_json() -%}
    {{ return({
        'events': {
            'event_id': text, 'source_id': text, 'type': text, 'event': text,
            'occurred_at': time, 'original_timestamp': time, 'sent_at': time, 'received_at': time, 'loaded_at': time,
            'anonymous_id': text, 'user_id': text, 'previous_id': text, 'group_id': text, 'email': text, 'phone': text,
            'properties': json, 'traits': json, 'context': json,
            'library': text, 'ip': text, 'user_agent': text, 'event_date': 'date', 'load_id': text, 'line_number': number,
        },
        'rejected_events': {
            'source_id': text, 'load_id': text, 'line_number': number, 'reason': text, 'raw': text,
            'received_at': time, 'loaded_at': time,
        },
        'loads': {
            'load_id': text, 'source_id': text, 'file_name': text, 'file_digest': text, 'loaded_at': time,
            'read': number, 'landed': number, 'duplicates': number, 'rejected': number,
        },
    }) }}
{%- endmacro %}
