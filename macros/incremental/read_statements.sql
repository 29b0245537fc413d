{# The statements that record what a step has read: its loads, how far it came in each source, and its batch. #}
{% macro read_statements(scratch, step, batch) -%}
    {%- set statements = [] -%}
    {%- if scratch.relations.loads -%}
        {%- set known = segmentloom.state_relation('loads') -%}
        {%- do statements.append(
            'insert into ' ~ known ~ ' (load_id, source_id, batch) select load_id, source_id, ' ~ batch
            ~ ' from ' ~ scratch.relations.loads ~ ' where load_id not in (select load_id from ' ~ known ~ ')'
        ) -%}
    {%- endif -%}
    {%- for name, consumer in step.timed.items() if step.is_full or name in step.watermarks -%}
        {%- do statements.extend(
            segmentloom.progress_statements(consumer, step.generation, batch, watermark=step.watermarks.get(name))
        ) -%}
    {%- endfor -%}
    {%- if batch == step.batch -%}
        {%- do statements.extend(segmentloom.progress_statements(model.name, step.generation, batch, step.rules)) -%}
    {%- endif -%}
    {{ return(statements) }}
{%- endmacro %}
