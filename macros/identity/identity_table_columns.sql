{#- The tables that stitching, and whoever decides about links, write: the one definition of their columns. -#}
{% macro identity_tables() -%}
    {%- set text, number, time = dbt.type_string(), dbt.type_bigint(), segmentloom.type_timestamp() -%}
    {%- set key = segmentloom.type_identifier_key() -%}
    {%- set link = {'identifier_type': text, 'identifier_value': text, 'other_type': text, 'other_value': text} -%}
    {{ return({
        'identity_map': dict(
            {'identifier_key': key, 'identifier_type': text, 'identifier_value': text},
            first_seen_at=time, last_seen_at=time, event_count=number, owned_event_count=number, gpc_event_count=number,
            profile_id=text, component_key=key, cause_identifier_key=key, cause_other_key=key, batch=number
        ),
        'refused_links': dict(
            {'identifier_key': key, 'other_key': key, 'rule': text}, **dict(
                link, link_count=number, link_limit=number, first_seen_at=time
            )
        ),
        'profile_changes': {'profile_id': text, 'batch': number},
        'profile_merges': dict(
            {
                'merge_id': text, 'happened_at': time, 'kind': text,
                'surviving_profile_id': text, 'absorbed_profile_id': text,
            }, **dict(
                link, source_id=text, event_id=text, rule=text, run_id=text, reason=text, requested_by=text
            )
        ),
        'identity_overrides': dict(
            {'override_id': text, 'decided_at': time, 'action': text}, **dict(
                link, reason=text, requested_by=text, merge_id=text, applied_run_id=text
            )
        ),
    }) }}
{%- endmacro %}

{# A select without rows that has a table's columns. #}
{% macro identity_table_columns(table) -%}
    select
        {%- for name, type in segmentloom.identity_tables()[table].items() %}
        cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    limit 0
{%- endmacro %}
