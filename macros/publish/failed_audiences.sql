{#-
    The audiences that this run has built but must not publish, since tests failed: name -> their names as one text. Those of
    the conditions are tests of each compiled audience; of a priority group all are held back by one.

    passed   those that are published
-#}
{% macro failed_audiences(results, passed) -%}
    {%- set failing = {} -%}
    {%- for result in results if result.node.resource_type == 'test' and result.status in ['fail', 'error'] -%}
        {%- set about = [result.node.attached_node] if result.node.attached_node else result.node.depends_on.nodes -%}
        {%- for id in about -%}
            {%- do failing.setdefault(id, []).append(result.node.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set failed, groups = {}, {} -%}
    {%- for name, node in segmentloom.audience_models().items() if name not in passed -%}
        {%- set tests = [] + failing.get(node.unique_id, []) -%}
        {%- for needed in node.depends_on.nodes if needed.endswith('.int_segmentloom__conditions') -%}
            {%- do tests.extend(failing.get(needed, [])) -%}
        {%- endfor -%}
        {%- if tests -%}
            {%- do failed.update({name: tests | unique | sort | join(', ')}) -%}
            {%- do groups.update({node.config.meta.get('segmentloom_priority_group'): name}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name, node in segmentloom.audience_models().items() if name not in passed and name not in failed -%}
        {%- set group = node.config.meta.get('segmentloom_priority_group') -%}
        {%- if group and group in groups -%}
            {%- do failed.update({name: failed[groups[group]]}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(failed) }}
{%- endmacro %}

{# The statements that write down of published audiences that they failed: syncs leave them alone until they pass again. #}
{% macro failure_statements(failed, publications) -%}
    {%- set statements = [] -%}
    {%- for name, tests in failed.items() -%}
        {%- do statements.append(
            'update ' ~ publications ~ ' set failed_at = ' ~ segmentloom.as_of() ~ ', failed_tests = ' ~ segmentloom.literal(tests)
            ~ ' where audience = ' ~ segmentloom.literal(name)
        ) -%}
    {%- endfor -%}
    {{ return(statements) }}
{%- endmacro %}
