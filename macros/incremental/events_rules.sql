{#-
    A digest of what the events depend on beside the deliveries, part by part: with a change of any they are built anew.

    Of what is in the block list, not of its file, which may be seeded later.
-#}
{% macro events_rules() -%}
    {%- set blocked = ref('int_segmentloom__blocked_identifiers') -%}
    {%- set list = [] -%}
    {%- for row in run_query('select identifier_type, identifier_value from ' ~ blocked ~ ' order by 1, 2').rows -%}
        {%- do list.append([row[0], row[1]]) -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() -%}{%- do columns.append([column.name, column.data_type]) -%}{%- endfor -%}
    {%- set code = [model.raw_code, segmentloom.deliveries(), segmentloom.usable_identifiers('events'), tojson(columns)] -%}
    {{ return(
        'blocked_identifiers=' ~ local_md5(tojson(list))
        ~ ' segmentloom_sources=' ~ local_md5(tojson(var('segmentloom_sources', [])))
        ~ ' models=' ~ local_md5(code | join('\n'))
    ) }}
{%- endmacro %}
