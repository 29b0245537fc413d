{#- The statements that make a step of counting true, for one transaction. Rows that say nothing any more are left out. -#}
{% macro count_statements(step, scratch, made, width, target_relation) -%}
    {%- set statements, changed = [], ref('int_segmentloom__count_changes') -%}
    {%- if step.stale or step.gone -%}
        {%- set events = segmentloom.text_list(step.stale + step.gone) -%}
        {%- for table in [target_relation, segmentloom.state_relation('counted_events')] -%}
            {%- do statements.append('delete from ' ~ table ~ ' where event in (' ~ events ~ ')') -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if 'recounted' in scratch.relations -%}
        {%- set keys = 'select owner_key from ' ~ scratch.relations['recounted'] -%}
        {%- do statements.append(segmentloom.delete_keys(target_relation, ['owner_key'], keys)) -%}
    {%- endif -%}
    {%- if 'rows' in scratch.relations -%}
        {%- set keys = 'select event, owner_key from ' ~ scratch.relations['rows'] -%}
        {%- do statements.append(segmentloom.delete_keys(target_relation, ['event', 'owner_key'], keys)) -%}
    {%- endif -%}
    {%- do statements.append(
        segmentloom.expect_progress(model.name, step.generation, step.from_batch, watermark=step.known.as_of)
    ) -%}
    {%- for rows in made -%}
        {%- do statements.append(
            'insert into ' ~ target_relation ~ ' select * from ' ~ rows ~ ' as counts where ' ~ segmentloom.any_count(width)
        ) -%}
    {%- endfor -%}
    {#- Found only when the transaction is sent again, the answer to the first time having been lost. -#}
    {%- do statements.append('delete from ' ~ changed ~ ' where batch >= ' ~ step.change) -%}
    {%- for name in ['rows', 'recounted', 'deciding'] if name in scratch.relations -%}
        {%- do statements.append(
            'insert into ' ~ changed ~ ' select distinct owner_key, ' ~ step.change
            ~ ' from ' ~ scratch.relations[name] ~ ' as changed'
        ) -%}
    {%- endfor -%}
    {{ return(statements + segmentloom.count_progress(step)) }}
{%- endmacro %}
