{#- The queries of `spanning_forest`; what they do together stands there. -#}

{# Where each node points along its earliest link; the lesser end of a cycle of two is a root. #}
{% macro earliest_links(links) -%}
    with earliest as (
        select
            node,
            min(place) as place,
            {{ segmentloom.min_by('neighbour', 'place') }} as neighbour

        from (
            select left_node as node, right_node as neighbour, place from {{ links }} as links
            union all
            select right_node as node, left_node as neighbour, place from {{ links }} as links
        ) as ends

        group by node
    )

    select node, place, neighbour as parent

    from earliest

    where node > neighbour

    union all

    select
        lesser.node,
        lesser.place,
        case when greater.place is null then lesser.neighbour else lesser.node end as parent

    from (select * from earliest where node < neighbour) as lesser
    left join (select place from earliest where node > neighbour) as greater
        on greater.place = lesser.place
{%- endmacro %}

{# The way from each inner node (no root, but someone's parent), up to sixteen steps. Leaves are the bulk: one join takes them to their root. #}
{% macro inner_jumps(trees) -%}
    {%- set inner -%}
        (
            select node, parent

            from {{ trees }} as trees

            where
                node <> parent
                and node in (select parent from {{ trees }} as parents where node <> parent)
        )
    {%- endset -%}
    {{ segmentloom.longer_jumps(segmentloom.longer_jumps(inner)) }}
{%- endmacro %}

{# Jumps four times as long, as a subquery; open where the way may not have ended. #}
{% macro longer_jumps(jumps) -%}
    (
        with steps as (
            select node, parent from {{ jumps }} as jumps
        )

        select
            step_1.node,
            coalesce(step_4.parent, step_3.parent, step_2.parent, step_1.parent) as parent,
            case when step_4.parent is null then 0 else 1 end as is_open

        from steps as step_1
        left join steps as step_2 on step_2.node = step_1.parent
        left join steps as step_3 on step_3.node = step_2.parent
        left join steps as step_4 on step_4.node = step_3.parent
    )
{%- endmacro %}

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
