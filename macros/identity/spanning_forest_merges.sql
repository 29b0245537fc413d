{#- The queries of `spanning_forest` that merge the trees of a round and fold the rounds back. -#}

{#-
    The oldest node of each node's tree, and the link by which the node came into it. The root has no link of its own:
    where it is not the oldest it takes that of the oldest, which needs none.
-#}
{% macro tree_parents(trees, jumps) -%}
    with rooted as (
        select
            trees.node,
            trees.place,
            coalesce(jumps.parent, trees.parent) as root

        from {{ trees }} as trees
        left join {{ jumps }} as jumps on jumps.node = trees.parent
    ),

    oldest as (
        select
            root,
            min(node) as node,
            {{ segmentloom.min_by('place', 'node') }} as place

        from rooted

        group by root
    )

    select
        rooted.node,
        oldest.node as parent,
        case
            when rooted.node = oldest.node then null
            when rooted.node = rooted.root then oldest.place
            else rooted.place
        end as cause

    from rooted
    inner join oldest on oldest.root = rooted.root
{%- endmacro %}

{# The links between different trees; of several between two, the earliest. #}
{% macro links_between(links, parents) -%}
    select
        least(left_parents.parent, right_parents.parent) as left_node,
        greatest(left_parents.parent, right_parents.parent) as right_node,
        min(links.place) as place

    from (
        select * from {{ links }} as links
        where place not in (select cause from {{ parents }} as parents where cause is not null)
    ) as links
    inner join {{ parents }} as left_parents on left_parents.node = links.left_node
    inner join {{ parents }} as right_parents on right_parents.node = links.right_node

    where left_parents.parent <> right_parents.parent

    group by 1, 2
{%- endmacro %}

{#-
    The query of (node, component, cause) of all nodes: the oldest node of each one's component, the link that it came
    in by. A node that goes on to a later round has its link from there.
-#}
{% macro forest_rows(rounds) -%}
    {%- if rounds | length == 1 -%}
    select node, parent as component, cause from {{ rounds[0] }} as parents
    {%- else -%}
    select
        earlier.node,
        coalesce(later.component, earlier.parent) as component,
        coalesce(earlier.cause, case when earlier.node = earlier.parent then later.cause end) as cause

    from {{ rounds[0] }} as earlier
    left join ({{ segmentloom.forest_rows(rounds[1:]) }}) as later on later.node = earlier.parent
    {%- endif -%}
{%- endmacro %}
