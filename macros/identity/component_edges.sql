{# Each edge once, without loops. #}
{% macro component_edges(edges) -%}
    select distinct
        least(left_node, right_node) as left_node,
        greatest(left_node, right_node) as right_node

    from ({{ edges }}) as edges

    where left_node <> right_node
{%- endmacro %}

{# The edges that are left between the roots of one round. #}
{% macro component_next_edges(edges, roots) -%}
    select distinct
        least(left_roots.parent, right_roots.parent) as left_node,
        greatest(left_roots.parent, right_roots.parent) as right_node

    from {{ edges }} as edges
    inner join {{ roots }} as left_roots on left_roots.node = edges.left_node
    inner join {{ roots }} as right_roots on right_roots.node = edges.right_node

    where left_roots.parent <> right_roots.parent
{%- endmacro %}
