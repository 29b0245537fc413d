{#- Works out in scratch tables what a step changes: refusals, touched, links, rows, history; rows alone when it touches no profile. -#}
{% macro stitch(step, scratch, tables) -%}
    {%- set identity_map, event_links = tables['identity_map'], ref('int_segmentloom__event_links') -%}
    {%- do segmentloom.make_scratch(scratch, 'aliases', 'select * from ' ~ ref('int_segmentloom__aliases')) -%}
    {%- set is_touching = namespace(value=true) -%}
    {%- if not step.is_full -%}
        {%- set changed = segmentloom.make_scratch(scratch, 'changed', segmentloom.changed_identifiers(step, identity_map)) -%}
        {%- set is_touching.value = segmentloom.scratch_numbers(scratch, 'select count(*) from ' ~ changed)[0] > 0 -%}
    {%- endif -%}
    {%- if is_touching.value -%}
        {%- do segmentloom.stitch_touched(step, scratch, tables, event_links) -%}
    {%- else -%}
        {%- do segmentloom.make_scratch(
            scratch, 'rows', 'select *, cast(' ~ step.to_batch ~ ' as ' ~ dbt.type_bigint() ~ ') as batch from ('
            ~ segmentloom.recounted_identifiers(step, scratch, identity_map) ~ ') as recounted'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro stitch_touched(step, scratch, tables, event_links) -%}
    {%- set alias_links = segmentloom.make_scratch(
        scratch, 'alias_links', 'select * from ' ~ ref('int_segmentloom__alias_links')
    ) -%}
    {%- do segmentloom.make_scratch(
        scratch, 'refusals', segmentloom.link_refusals(event_links, alias_links, scratch.relations.get('changed'))
    ) -%}
    {%- do segmentloom.make_scratch(
        scratch, 'touched',
        segmentloom.touched_identifiers(step, scratch, tables['identity_map'], tables['refused_links'])
    ) -%}
    {%- set links = segmentloom.make_scratch(
        scratch, 'links', segmentloom.touched_links(step, scratch, event_links, tables['refused_links'])
    ) -%}
    {%- set rounds = segmentloom.spanning_forest(scratch, links) -%}
    {%- set scratch.rounds = rounds | length -%}
    {%- do segmentloom.make_scratch(
        scratch, 'rows',
        segmentloom.stitched_identifiers(step, scratch, segmentloom.forest_rows(rounds), tables['identity_map'])
    ) -%}
    {%- do segmentloom.make_scratch(scratch, 'history', segmentloom.profile_history(step, scratch)) -%}
{%- endmacro %}
