{#-
    The audiences that this run built and proved: name -> {relation, node}. All tests of theirs passed in it, and those of
    the conditions, if they were compiled from a file. One about which there are no tests at all is not among them.
-#}
{% macro passed_audiences(results) -%}
    {%- set built = {} -%}
    {%- set passed_tests = [] -%}
    {%- for result in results -%}
        {%- if result.node.resource_type == 'test' and result.status in ['pass', 'warn'] -%}
            {%- do passed_tests.append(result.node.unique_id) -%}
        {%- elif result.node.resource_type == 'model' and result.status == 'success' -%}
            {%- set name = result.node.config.meta.get('segmentloom_audience') -%}
            {%- if name -%}
                {%- do built.update({
                    result.node.unique_id: {'name': name, 'relation': result.node.relation_name, 'node': result.node},
                }) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {#- Of the project, not of the results: those do not tell of tests that were left out of the run. -#}
    {%- set tested = [] -%}
    {%- set unproven = [] -%}
    {%- for test in graph.nodes.values() if built and test.resource_type == 'test' -%}
        {#- A test that compares two models is about the one that it stands at. -#}
        {%- set about = [test.attached_node] if test.attached_node else test.depends_on.nodes -%}
        {%- do (tested if test.unique_id in passed_tests else unproven).extend(about) -%}
    {%- endfor -%}
    {%- set passed = {} -%}
    {%- for id, audience in built.items() -%}
        {%- set proven = [id] -%}
        {%- set is_compiled = audience.node.config.meta.get('segmentloom_source') -%}
        {%- for needed in audience.node.depends_on.nodes if is_compiled and needed.endswith('.int_segmentloom__conditions') -%}
            {%- do proven.append(needed) -%}
        {%- endfor -%}
        {%- if proven | select('in', tested) | list and not proven | select('in', unproven) | list -%}
            {%- do passed.update({audience.name: audience}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(passed) }}
{%- endmacro %}
