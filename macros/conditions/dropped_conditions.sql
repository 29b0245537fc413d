{#-
    The conditions that the table of conditions had once, and dropped, in this generation of the feed of changed conditions: the
    table `dropped_conditions`. Should one be asked again, the feed cannot tell for whom the answer has become another
    meanwhile: it begins a new generation.
-#}
{% macro dropped_conditions() -%}
    {%- set found = [] -%}
    {%- for row in run_query('select condition_name from ' ~ segmentloom.state_relation('dropped_conditions')).rows -%}
        {%- do found.append(row[0]) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The statements that note what a step drops, for its transaction. #}
{% macro drop_statements(step) -%}
    {%- set table, rows = segmentloom.state_relation('dropped_conditions'), [] -%}
    {%- if step.is_new_generation -%}
        {{ return(['delete from ' ~ table ~ ' where true']) }}
    {%- endif -%}
    {%- for column in step.gone -%}{%- do rows.append("('" ~ column ~ "')") -%}{%- endfor -%}
    {{ return(['insert into ' ~ table ~ ' (condition_name) values ' ~ rows | join(', ')] if rows else []) }}
{%- endmacro %}
