{# Works out in scratch tables what a step changes: touched, refusals, links, rows, history. #}
{% macro stitch(step, scratch, tables) -%}
    {%- set identity_map, event_links = tables['identity_map'], ref('int_segmentloom__event_links') -%}
    {%- do segmentloom.make_scratch(scratch, 'aliases', 'select * from ' ~ ref('int_segmentloom__aliases')) -%}
    {%- do segmentloom.make_scratch(scratch, 'alias_links', 'select * from ' ~ ref('int_segmentloom__alias_links')) -%}
    {%- if not step.is_full -%}
        {%- do segmentloom.make_scratch(scratch, 'changed', segmentloom.changed_identifiers(step, identity_map)) -%}
    {%- endif -%}
    {%- do segmentloom.make_scratch(scratch, 'refusals', segmentloom.link_refusals(
        event_links, scratch.relations['alias_links'], scratch.relations.get('changed')
    )) -%}
    {%- do segmentloom.make_scratch(
        scratch, 'touched', segmentloom.touched_identifiers(step, scratch, identity_map, tables['refused_links'])
    ) -%}
    {%- do segmentloom.make_scratch(
        scratch, 'links', segmentloom.touched_links(step, scratch, event_links, tables['refused_links'])
    ) -%}
    {%- set rounds = segmentloom.spanning_forest(scratch, scratch.relations['links']) -%}
    {%- set scratch.rounds = rounds | length -%}
    {%- do segmentloom.make_scratch(
        scratch, 'rows', segmentloom.stitched_identifiers(step, scratch, segmentloom.forest_rows(rounds), identity_map)
    ) -%}
    {%- do segmentloom.make_scratch(scratch, 'history', segmentloom.profile_history(step, scratch)) -%}
{%- endmacro %}

{# The statements that make the outcome of a step true. #}
{% macro stitch_statements(step, scratch, tables) -%}
    {%- set made = scratch.relations -%}
    {%- set map, refused, changes = tables['identity_map'], tables['refused_links'], tables['profile_changes'] -%}
    {%- set statements = [] -%}
    {%- if step.is_full -%}
        {%- for table in [map, refused, changes] -%}{%- do statements.append('delete from ' ~ table ~ ' where true') -%}{%- endfor -%}
    {%- else -%}
        {%- do statements.extend([
            segmentloom.delete_keys(map, ['identifier_key'], 'select identifier_key from ' ~ made['touched']
                ~ ' union distinct select identifier_key from ' ~ made['rows']),
            segmentloom.delete_keys(refused, ['identifier_key'], 'select identifier_key from ' ~ made['changed']),
        ]) -%}
    {%- endif -%}
    {#- They find rows only when the transaction is sent again, the answer to the first time having been lost. -#}
    {%- do statements.extend([
        'delete from ' ~ tables['profile_merges'] ~ " where run_id = '" ~ invocation_id ~ "'",
        'delete from ' ~ changes ~ ' where batch >= ' ~ step.change,
    ]) -%}
    {%- for name, table in [('rows', map), ('refusals', refused), ('history', tables['profile_merges'])] -%}
        {%- do statements.append('insert into ' ~ table ~ ' select * from ' ~ made[name]) -%}
    {%- endfor -%}
    {%- do statements.append(
        'insert into ' ~ changes ~ ' select distinct profile_id, cast(' ~ step.change ~ ' as ' ~ dbt.type_bigint() ~ ') from ('
        ~ 'select profile_id from ' ~ made['rows'] ~ ' union all select former_profile_id as profile_id from ' ~ made['touched']
        ~ ' where former_profile_id is not null) as changed_profiles'
    ) -%}
    {%- if step.overrides -%}
        {%- do statements.append(
            'update ' ~ tables['identity_overrides'] ~ " set applied_run_id = '" ~ invocation_id ~ "' where override_id in ("
            ~ segmentloom.text_list(step.overrides) ~ ')'
        ) -%}
    {%- endif -%}
    {{ return(
        statements
        + segmentloom.progress_statements(model.name, step.generation, step.to_batch, step.rules)
        + segmentloom.progress_statements('int_segmentloom__profile_changes', step.change_generation, step.change)
    ) }}
{%- endmacro %}
