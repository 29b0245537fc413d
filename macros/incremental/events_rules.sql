{#-
    A digest of what the events depend on beside the deliveries, part by part: with a change of any they are built anew.

    Of what the block list holds, not of its file, which may be seeded later.
-#}
{% macro events_rules() -%}
    {%- set blocked = ref('int_segmentloom__blocked_identifiers') -%}
    {%- set list = [] -%}
    {%- if load_relation(blocked) -%}
        {%- for row in run_query('select identifier_type, identifier_value from ' ~ blocked ~ ' order by 1, 2').rows -%}
            {%- do list.append([row[0], row[1]]) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() -%}{%- do columns.append([column.name, column.data_type]) -%}{%- endfor -%}
    {%- set code = [model.raw_code, segmentloom.deliveries({'is_full': true, 'is_sketch': true, 'since': {}}), segmentloom.usable_identifiers('events'), tojson(columns)] -%}
    {{ return(
        'blocked=' ~ local_md5(tojson(list))
        ~ ' sources=' ~ local_md5(var('segmentloom_sources', []) | string)
        ~ ' excluded=' ~ local_md5(tojson(var('segmentloom_exclude_events', none) or []))
        ~ ' models=' ~ local_md5(code | join('\n'))
    ) }}
{%- endmacro %}

{# Why the events cannot be built on, or none. `own` is their progress, none when they have none. #}
{% macro reason_to_start_anew(own, rules) -%}
    {%- set existing = load_relation(this) -%}
    {%- if not own or not existing or not existing.is_table -%}
        {{ return('there are none yet') }}
    {%- elif segmentloom.is_empty_run() -%}
        {{ return(none) }}
    {%- elif should_full_refresh() -%}
        {{ return('a full refresh was asked for') }}
    {%- elif not own.generation -%}
        {{ return('the last time that did not come to its end') }}
    {%- endif -%}
    {%- set names = {
        'blocked': 'the blocked identifiers', 'sources': 'the var segmentloom_sources',
        'excluded': 'the var segmentloom_exclude_events', 'models': 'the code of the models',
    } -%}
    {%- set before, changed = own.rules.split(' '), [] -%}
    {%- for part in rules.split(' ') if part not in before -%}
        {%- do changed.append(names[part.split('=')[0]]) -%}
    {%- endfor -%}
    {{ return(changed | join(' and ') ~ ' changed' if changed else none) }}
{%- endmacro %}
