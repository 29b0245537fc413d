{# The models of the project that are audiences: name -> node. #}
{% macro audience_models() -%}
    {%- set found = {} -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get('segmentloom_audience') -%}
        {%- do found.update({node.config.meta['segmentloom_audience']: node}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
