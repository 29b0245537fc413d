{#-
    Counts everything, statement by statement. Until all is accounted for the counts have no generation: a kill means to
    begin again. Should another build begin meanwhile, the table is its own: this one adds no more to it, and fails.
-#}
{% macro count_everything(step, plan, target_relation) -%}
    {%- set is_mine = segmentloom.is_at(model.name, '', 0, rules=invocation_id) -%}
    {%- do segmentloom.run_together(segmentloom.progress_statements(model.name, '', 0, invocation_id)) -%}
    {%- do segmentloom.replace_table(target_relation, segmentloom.count_columns(plan.width), ['event']) -%}
    {%- set nobody_else = 'exists (select 1 from ' ~ segmentloom.latest_progress() ~ ' where ' ~ is_mine ~ ')' -%}
    {%- for part in segmentloom.parts_to_count(plan.counted.keys() | list, plan, step) -%}
        {%- for query in segmentloom.counts_of_part(part, plan, step, plan.width, more=nobody_else) -%}
            {%- do run_query('insert into ' ~ target_relation ~ ' ' ~ query) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do segmentloom.run_together(
        [
            'delete from ' ~ segmentloom.state_relation('counted_events') ~ ' where true',
            segmentloom.expect_progress(model.name, '', 0, rules=invocation_id),
            'delete from ' ~ ref('int_segmentloom__count_changes') ~ ' where true',
        ]
        + segmentloom.count_progress(step)
    ) -%}
{%- endmacro %}
