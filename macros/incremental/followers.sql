{# The models that follow a feed: the names of those that are materialized as `keyed_state`, or name it in their meta. #}
{% macro followers(feed) -%}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- if node.config.meta.get('feed', 'segmentloom__events' if node.config.materialized == 'keyed_state') == feed -%}
            {%- do names.append(node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{# The statement that deletes from a feed what all who follow it have taken in. Who never did starts from nothing anyway. #}
{% macro forget_followed(feed, names) -%}
    {{ return(
        'delete from ' ~ feed ~ ' where batch <= (select min(batch) from ' ~ segmentloom.latest_progress()
        ~ ' where consumer in (' ~ segmentloom.text_list(names) ~ '))'
    ) }}
{%- endmacro %}
