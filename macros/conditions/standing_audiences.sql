{#-
    What the audience models that stand in the warehouse ask. One that a run leaves out keeps the definition that it was built
    with, whatever its file says by now, and goes on reading those conditions and audiences: they have to stay.

    The table `standing_audiences` has a row per model and definition that it may have been built with: `asks` is JSON,
    {conditions: {column: leaf}, audiences: [name]}. A row is added before a model is built; former ones go when it was.
-#}
{% macro standing_audiences() -%}
    {%- set rows = [] -%}
    {%- set table = segmentloom.state_relation('standing_audiences') -%}
    {%- if execute and model.resource_type != 'unit_test' and load_relation(table) -%}
        {%- for row in run_query('select node_id, audience, asks from ' ~ table).rows -%}
            {%- do rows.append({'node_id': row[0], 'audience': row[1], 'text': row[2], 'asks': fromjson(row[2])}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(rows) }}
{%- endmacro %}

{# The conditions of the models that this run does not build: column -> leaf condition. #}
{% macro standing_conditions() -%}
    {%- set leaves = {} -%}
    {%- for row in segmentloom.standing_audiences() if row.node_id not in selected_resources -%}
        {%- do leaves.update(row.asks.conditions) -%}
    {%- endfor -%}
    {{ return(leaves) }}
{%- endmacro %}

{# What a model asks, as the text that its row has. #}
{% macro asks_of(node) -%}
    {%- set definition, conditions = node.config.meta.segmentloom_rule, {} -%}
    {%- for leaf in segmentloom.deciding_leaves(definition) if 'audience' not in leaf -%}
        {%- do conditions.update({segmentloom.condition_column(leaf): leaf}) -%}
    {%- endfor -%}
    {{ return(tojson({'conditions': conditions, 'audiences': segmentloom.used_audiences(definition)}, sort_keys=true)) }}
{%- endmacro %}

{# Runs at the start: adds the rows of the models that this run is going to build. #}
{% macro note_audiences() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set known, values = [], [] -%}
        {%- for row in segmentloom.standing_audiences() -%}{%- do known.append([row.node_id, row.text]) -%}{%- endfor -%}
        {%- for id, node in graph.nodes.items()
            if id in selected_resources and node.config.get('meta', {}).get('segmentloom_rule') -%}
            {%- set asks = segmentloom.asks_of(node) -%}
            {%- if [id, asks] not in known -%}
                {%- do values.append('(' ~ [
                    segmentloom.literal(id),
                    segmentloom.literal(node.config.meta.get('segmentloom_audience', '')),
                    segmentloom.literal(asks),
                ] | join(', ') ~ ')') -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for few in values | batch(50) -%}
            {%- do run_query(
                'insert into ' ~ segmentloom.state_relation('standing_audiences')
                ~ ' (node_id, audience, asks) values ' ~ few | join(', ')
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# Runs at the end: takes away the rows of former definitions of what was built, and of models that are gone, relation and all. #}
{% macro forget_former_audiences(results) -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set built, table = [], segmentloom.state_relation('standing_audiences') -%}
        {%- for result in results if result.status == 'success' -%}{%- do built.append(result.node.unique_id) -%}{%- endfor -%}
        {%- for row in segmentloom.standing_audiences() -%}
            {%- set node = graph.nodes.get(row.node_id) -%}
            {%- set relation = table.incorporate(path={'identifier': row.node_id.split('.') | last}) -%}
            {%- set is_former = node and row.node_id in built and row.text != segmentloom.asks_of(node) -%}
            {%- if is_former or (not node and not load_relation(relation)) -%}
                {%- do segmentloom.run_together([
                    'delete from ' ~ table ~ ' where node_id = ' ~ segmentloom.literal(row.node_id)
                    ~ ' and asks = ' ~ segmentloom.literal(row.text)
                ]) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
