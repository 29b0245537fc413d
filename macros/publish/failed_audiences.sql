{#-
    The audiences that this run has built but must not publish, since tests failed: name -> their names as one text. Those of
    the conditions are tests of each compiled audience; of a priority group all are held back by one.

    passed   those that are published
-#}
{% macro failed_audiences(results, passed) -%}
    {%- set failing, built = {}, [] -%}
    {%- for result in results -%}
        {%- if result.node.resource_type == 'test' and result.status in ['fail', 'error'] -%}
            {%- set about = [result.node.attached_node] if result.node.attached_node else result.node.depends_on.nodes -%}
            {%- for id in about -%}
                {%- do failing.setdefault(id, []).append(result.node.name) -%}
            {%- endfor -%}
        {%- elif result.status == 'success' -%}
            {%- do built.append(result.node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set tests, of_group = {}, {} -%}
    {%- for name, node in segmentloom.audience_models().items() if node.unique_id in built and name not in passed -%}
        {%- set own = [] + failing.get(node.unique_id, []) -%}
        {%- for needed in node.depends_on.nodes if needed.endswith('.int_segmentloom__conditions') -%}
            {%- do own.extend(failing.get(needed, [])) -%}
        {%- endfor -%}
        {%- set group = node.config.meta.get('segmentloom_priority_group') -%}
        {%- do tests.update({name: of_group.setdefault(group, []) if group else own}) -%}
        {%- if group -%}{%- do of_group[group].extend(own) -%}{%- endif -%}
    {%- endfor -%}
    {%- set failed = {} -%}
    {%- for name, names in tests.items() if names -%}
        {%- do failed.update({name: names | unique | sort | join(', ')}) -%}
    {%- endfor -%}
    {{ return(failed) }}
{%- endmacro %}

{#-
    The statements that write down who failed, and forget it of those that are published now. Whoever was published as of a
    later time than this run's is left alone.
-#}
{% macro failure_statements(failed, published, publications) -%}
    {%- set table = segmentloom.state_relation('failed_audiences') -%}
    {%- set settled = published + failed.keys() | list -%}
    {%- set statements = [] -%}
    {%- if settled -%}
        {%- do statements.append('delete from ' ~ table ~ ' where audience in (' ~ segmentloom.text_list(settled) ~ ')') -%}
    {%- endif -%}
    {#- A statement may not be of any length: so many rows at once. -#}
    {%- for few in failed.items() | batch(200) -%}
        {%- set rows = [] -%}
        {%- for name, tests in few -%}
            {%- do rows.append('select ' ~ segmentloom.literal(name) ~ ' as audience, ' ~ segmentloom.literal(tests) ~ ' as tests') -%}
        {%- endfor -%}
        {%- do statements.append(
            'insert into ' ~ table ~ ' (audience, failed_at, tests) select given.audience, ' ~ segmentloom.as_of() ~ ', given.tests'
            ~ ' from (' ~ rows | join(' union all ') ~ ') as given where not exists (select 1 from ' ~ publications
            ~ ' as publications where publications.audience = given.audience and publications.evaluated_at > '
            ~ segmentloom.as_of() ~ ')'
        ) -%}
    {%- endfor -%}
    {{ return(statements) }}
{%- endmacro %}
