{# The queries of one round; what they do together stands at the materialization `connected_components`. #}

{% macro component_least_neighbours(edges) -%}
    select
        node,
        min(neighbour) as neighbour

    from (
        select left_node as node, right_node as neighbour from {{ edges }}
        union all
        select right_node as node, left_node as neighbour from {{ edges }}
    ) as ends

    group by node
{%- endmacro %}

{# Following least neighbours, only cycles of two can arise: their lesser node becomes a root. #}
{% macro component_trees(least) -%}
    select
        nodes.node,
        case
            when neighbours.neighbour = nodes.node and nodes.node < nodes.neighbour then nodes.node
            else nodes.neighbour
        end as parent

    from {{ least }} as nodes
    inner join {{ least }} as neighbours on neighbours.node = nodes.neighbour
{%- endmacro %}

{% macro component_inner_nodes(trees) -%}
    select node, parent

    from {{ trees }}

    where
        node <> parent
        and node in (select parent from {{ trees }} where node <> parent)
{%- endmacro %}

{# Four steps of the length of one; open where the way may not have ended. #}
{% macro component_jumps(jumps) -%}
    select
        step_1.node,
        coalesce(step_4.parent, step_3.parent, step_2.parent, step_1.parent) as parent,
        case when step_4.parent is null then 0 else 1 end as is_open

    from {{ jumps }} as step_1
    left join {{ jumps }} as step_2 on step_2.node = step_1.parent
    left join {{ jumps }} as step_3 on step_3.node = step_2.parent
    left join {{ jumps }} as step_4 on step_4.node = step_3.parent
{%- endmacro %}

{# Pointers, each followed one step further where there is one. #}
{% macro component_fold(pointers, further) -%}
    select
        pointers.node,
        coalesce(further.parent, pointers.parent) as parent

    from {{ pointers }} as pointers
    left join {{ further }} as further on further.node = pointers.parent
{%- endmacro %}
