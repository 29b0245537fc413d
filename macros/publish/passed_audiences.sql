{# The audiences that this run built and no test of which failed: name -> relation. #}
{% macro passed_audiences(results) -%}
    {%- set failed = [] -%}
    {%- for result in results if result.node.resource_type == 'test' and result.status in ['fail', 'error', 'runtime error'] -%}
        {%- do failed.extend(result.node.depends_on.nodes) -%}
    {%- endfor -%}
    {%- set passed = {} -%}
    {%- for result in results if result.node.resource_type == 'model' and result.status == 'success' -%}
        {%- set name = result.node.config.meta.get('segmentloom_audience') -%}
        {%- if name and result.node.unique_id not in failed -%}
            {%- do passed.update({name: result.node.relation_name}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(passed) }}
{%- endmacro %}
