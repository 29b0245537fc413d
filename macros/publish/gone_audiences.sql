{# The audiences that still have members but no model in the project, as a list. Looked for only in runs that publish anyway. #}
{% macro gone_audiences(results, passed, membership) -%}
    {%- set gone = [] -%}
    {%- set built = [] -%}
    {%- for result in results if result.status == 'success' -%}
        {%- do built.append(result.node.name) -%}
    {%- endfor -%}
    {%- if passed or 'segmentloom__audience_membership' in built -%}
        {%- set known = [] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
            {%- do known.append(node.config.meta.get('segmentloom_audience')) -%}
        {%- endfor -%}
        {%- for row in run_query('select distinct audience from ' ~ membership).rows if row[0] not in known -%}
            {%- do gone.append(row[0]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(gone) }}
{%- endmacro %}
