{#-
    The conditions that the feed of changed counts tells of: the table `followed_conditions` has a row for each, with the number
    of the change since which it does. Whoever has read the feed from there on knows each owner whose answer may be another.

    The feed does not tell whose counts are other ones because an event was counted anew: of its conditions it tells once
    more from that change on.
-#}
{% macro followed_conditions() -%}
    {%- set found = {} -%}
    {%- for row in run_query('select condition_name, since from ' ~ segmentloom.state_relation('followed_conditions')).rows -%}
        {%- do found.update({row[0]: row[1] | int}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The conditions of a plan that are about events. #}
{% macro followed_columns(plan) -%}
    {%- set columns = [] -%}
    {%- for column, leaf in plan.leaves | dictsort if 'trait' not in leaf -%}{%- do columns.append(column) -%}{%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{# What the feed tells of so far, beside what it shall. #}
{% macro compare_followed(step, plan) -%}
    {%- set known, asked, new, old = segmentloom.followed_conditions(), segmentloom.followed_columns(plan), [], [] -%}
    {%- for column in asked -%}
        {%- set leaf = plan.leaves[column] -%}
        {%- set is_stale = segmentloom.is_counted(leaf) and leaf['event'] in step.stale -%}
        {%- if column not in known or is_stale -%}{%- do new.append(column) -%}{%- endif -%}
    {%- endfor -%}
    {%- for column in known if column not in asked or column in new -%}{%- do old.append(column) -%}{%- endfor -%}
    {%- do step.update({'newly_followed': new, 'unfollowed': old}) -%}
{%- endmacro %}

{# The statements that say so, for the transaction of the step. #}
{% macro follow_statements(step) -%}
    {%- set statements, table = [], segmentloom.state_relation('followed_conditions') -%}
    {%- if step.is_full -%}
        {%- do statements.append('delete from ' ~ table ~ ' where true') -%}
    {%- elif step.unfollowed -%}
        {%- do statements.append(
            'delete from ' ~ table ~ ' where condition_name in (' ~ segmentloom.text_list(step.unfollowed) ~ ')'
        ) -%}
    {%- endif -%}
    {%- set rows = [] -%}
    {%- for column in step.newly_followed -%}{%- do rows.append("('" ~ column ~ "', " ~ step.change ~ ')') -%}{%- endfor -%}
    {%- if rows -%}
        {%- do statements.append('insert into ' ~ table ~ ' (condition_name, since) values ' ~ rows | join(', ')) -%}
    {%- endif -%}
    {{ return(statements) }}
{%- endmacro %}
