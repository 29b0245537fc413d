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
