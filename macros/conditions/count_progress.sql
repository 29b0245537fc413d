{# The statements that say what the counts are of now and how far they have come. #}
{% macro count_progress(step) -%}
    {%- set statements = [] -%}
    {%- for event in step.stale -%}
        {%- do statements.append(
            'insert into ' ~ segmentloom.state_relation('counted_events') ~ ' (event, counters) values ('
            ~ segmentloom.literal(event) ~ ", '" ~ step.counters[event] ~ "')"
        ) -%}
    {%- endfor -%}
    {{ return(
        statements
        + segmentloom.follow_statements(step)
        + segmentloom.progress_statements(model.name, step.generation, step.to_batch, step.rules, step.as_of)
        + segmentloom.progress_statements('int_segmentloom__count_changes', step.change_generation, step.change)
    ) }}
{%- endmacro %}
