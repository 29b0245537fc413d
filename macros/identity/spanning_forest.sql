{#-
    Connected components and minimum spanning forest of a graph, contracted round by round until no link is left.

    links      table of left_node, right_node, place: whole numbers, the place of each link unique, no link from a
               node to itself
    returns    one table per round of (node, parent, cause): the nodes of that round, the oldest (least) node of what
               each was merged into, and the place of the link that this took, null for the oldest itself

    Each round every node points along its earliest link. Following those, only cycles of two can arise: both ends of
    the link that is the earliest of both. One end of it becomes the root, and every tree so made has two nodes at
    least: a graph of n nodes takes ceil(log2 n) rounds or fewer, whatever its shape. A link that is the earliest of
    some tree's links to the rest is in the minimum spanning forest by place (Boruvka 1926), and each tree of k nodes
    is made by k - 1 links, one for every node but the oldest.

    Raises a compiler error when that does not end in 64 rounds: never a wrong answer.
-#}
{% macro spanning_forest(scratch, links) -%}
    {%- set state = namespace(rounds=[], links=links, left=1) -%}
    {%- for round in range(1, 65) -%}
        {%- if state.left > 0 -%}
            {%- set trees = segmentloom.make_scratch(scratch, 'trees', segmentloom.earliest_links(state.links)) -%}
            {%- set jumps = segmentloom.make_scratch(scratch, 'jumps_0', segmentloom.inner_jumps(trees)) -%}
            {%- set outcome = segmentloom.merge_trees(scratch, round, state.links, trees, jumps) -%}
            {%- do state.rounds.append(outcome.parents) -%}
            {%- set state.links = outcome.links -%}
            {%- set state.left = outcome.left -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if state.left > 0 -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: ' ~ this.identifier ~ ' did not converge in ' ~ state.rounds | length ~ ' rounds; the last good state is kept'
        ) }}
    {%- endif -%}
    {{ return(state.rounds) }}
{%- endmacro %}

{#-
    Merges the trees of a round; mostly its jumps have reached every root by then. Where they have not, they are
    followed further, sixteen times as far each time, and the round is made again.
-#}
{% macro merge_trees(scratch, round, links, trees, jumps) -%}
    {%- set state = namespace(jumps=jumps, is_open=1, left=0, parents=none, links=none) -%}
    {%- for turn in range(1, 17) -%}
        {%- if state.is_open > 0 -%}
            {%- if turn > 1 -%}
                {%- set state.jumps = segmentloom.make_scratch(
                    scratch, 'jumps_' ~ turn % 2, segmentloom.longer_jumps(segmentloom.longer_jumps(state.jumps))
                ) -%}
            {%- endif -%}
            {%- set state.parents = segmentloom.make_scratch(
                scratch, 'parents_' ~ round, segmentloom.tree_parents(trees, state.jumps)
            ) -%}
            {%- set state.links = segmentloom.make_scratch(
                scratch, 'links_' ~ round % 2, segmentloom.links_between(links, state.parents)
            ) -%}
            {%- set numbers = segmentloom.scratch_numbers(scratch,
                'select (select coalesce(sum(is_open), 0) from ' ~ state.jumps ~ ') as open_jumps, '
                ~ '(select count(*) from ' ~ state.links ~ ') as links_left'
            ) -%}
            {%- set state.is_open = numbers[0] -%}
            {%- set state.left = numbers[1] -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({'parents': state.parents, 'links': state.links, 'left': state.left}) }}
{%- endmacro %}
