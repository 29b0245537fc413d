{#-
    Contracts a graph round by round until no edge is left; returns one table (node, parent) per round, where the
    parent is the root that the node was merged into. `scratch` keeps account of the tables and statements.
-#}
{% macro contract_edges(scratch, edges) -%}
    {%- set state = namespace(pointers=[], done=false) -%}
    {%- set state.edges = segmentloom.make_scratch(scratch, 'edges_0', segmentloom.component_edges(edges)) -%}
    {%- set most_rounds = (config.get('meta') or {}).get('most_rounds', 64) -%}
    {%- for _ in range(most_rounds) -%}
        {%- if not state.done -%}
            {%- set round = state.pointers | length + 1 -%}
            {%- set least = segmentloom.make_scratch(scratch, 'least', segmentloom.component_least_neighbours(state.edges)) -%}
            {%- set trees = segmentloom.make_scratch(scratch, 'trees', segmentloom.component_trees(least)) -%}
            {%- set jumps = segmentloom.double_pointers(scratch, trees) -%}
            {%- set roots = segmentloom.make_scratch(scratch, 'roots_' ~ round, segmentloom.component_fold(trees, jumps)) -%}
            {%- do state.pointers.append(roots) -%}
            {%- set state.edges = segmentloom.make_scratch(
                scratch, 'edges_' ~ round % 2, segmentloom.component_next_edges(state.edges, roots)
            ) -%}
            {%- set state.done = segmentloom.scratch_number(scratch, 'select count(*) from ' ~ state.edges) == 0 -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not state.done -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: ' ~ this.identifier ~ ' did not converge in ' ~ most_rounds ~ ' rounds; the last good table is kept'
        ) }}
    {%- endif -%}
    {{ return(state.pointers) }}
{%- endmacro %}

{#-
    The way from each inner node (no root, but someone's parent) to its root, four times as far with each statement.
    Leaves are left out: they are the bulk, and one join reaches their root in the end.
-#}
{% macro double_pointers(scratch, trees) -%}
    {%- set state = namespace(done=false) -%}
    {%- set state.jumps = segmentloom.make_scratch(scratch, 'jumps_0', segmentloom.component_inner_nodes(trees)) -%}
    {%- for step in range(1, 33) -%}
        {%- if not state.done -%}
            {%- set state.jumps = segmentloom.make_scratch(
                scratch, 'jumps_' ~ step % 2, segmentloom.component_jumps(state.jumps)
            ) -%}
            {%- set state.done = segmentloom.scratch_number(
                scratch, 'select coalesce(sum(is_open), 0) from ' ~ state.jumps
            ) == 0 -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not state.done -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: ' ~ this.identifier ~ ' did not reach the roots; the last good table is kept'
        ) }}
    {%- endif -%}
    {{ return(state.jumps) }}
{%- endmacro %}

{# Folds the rounds back, the last first; returns the query of the component of every node. #}
{% macro fold_pointers(scratch, pointers) -%}
    {%- set state = namespace(folded=pointers[-1]) -%}
    {%- for round in range(pointers | length - 1, 1, -1) -%}
        {%- set state.folded = segmentloom.make_scratch(
            scratch, 'folded_' ~ round, segmentloom.component_fold(pointers[round - 1], state.folded)
        ) -%}
    {%- endfor -%}
    {%- if pointers | length == 1 -%}
        {{ return('select node, parent as component from ' ~ pointers[0]) }}
    {%- endif -%}
    {{ return(
        'select node, parent as component from (' ~ segmentloom.component_fold(pointers[0], state.folded) ~ ') as folded'
    ) }}
{%- endmacro %}
