{#-
    What the views of audiences were built from: the state table `built_views` has a row per view, {node_id, digest}.

    A run reads it once, at the start, and keeps it in `graph`, which all nodes of the run see, as {known, made}. The row of a
    view goes before the view is made anew, and comes back when the run ends: a killed run leaves none, and two runs at once
    leave two, which say nothing. Either way the view is made anew by the next run.
-#}
{% macro recall_built_views() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set known = {} -%}
        {%- for row in run_query('select node_id, digest from ' ~ segmentloom.state_relation('built_views')).rows -%}
            {%- do known.update({row[0]: row[1] if row[0] not in known else ''}) -%}
        {%- endfor -%}
        {%- do graph.update({'segmentloom_built_views': {'known': known, 'made': {}}}) -%}
    {%- endif -%}
{%- endmacro %}

{# The digest that a view was built from; none when that is not known. #}
{% macro built_view(node_id) -%}
    {{ return(graph.get('segmentloom_built_views', {}).get('known', {}).get(node_id)) }}
{%- endmacro %}

{# Before a view is made. #}
{% macro forget_built_view(node_id) -%}
    {%- if segmentloom.built_view(node_id) is not none -%}
        {%- do segmentloom.run_together([
            'delete from ' ~ segmentloom.state_relation('built_views') ~ ' where node_id = ' ~ segmentloom.literal(node_id)
        ]) -%}
    {%- endif -%}
{%- endmacro %}

{# After it was made. #}
{% macro note_built_view(node_id, digest) -%}
    {%- do graph.get('segmentloom_built_views', {}).get('made', {}).update({node_id: digest}) -%}
{%- endmacro %}

{# Runs at the end: adds the rows of the views that this run made. #}
{% macro record_built_views() -%}
    {%- set rows = [] -%}
    {%- for node_id, digest in graph.get('segmentloom_built_views', {}).get('made', {}).items() if execute -%}
        {%- do rows.append('(' ~ segmentloom.literal(node_id) ~ ", '" ~ digest ~ "')") -%}
    {%- endfor -%}
    {%- for few in rows | batch(50) -%}
        {%- do segmentloom.run_together([
            'insert into ' ~ segmentloom.state_relation('built_views') ~ ' (node_id, digest) values ' ~ few | join(', ')
        ]) -%}
    {%- endfor -%}
{%- endmacro %}
