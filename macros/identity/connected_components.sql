{#-
    Materializes the connected components of a graph as a table (node, component).

    The model's SQL gives the edges (left_node, right_node), whole numbers. Each round points every node at its least
    neighbour, cuts the cycles of two that this makes, follows the pointers to the roots and keeps the edges between
    different roots. Every tree so made has two nodes at least, so a graph of n nodes takes ceil(log2 n) rounds or
    fewer, whatever its shape, and the answer does not depend on the order of anything.

    Raises a compiler error, and leaves the last good table, when that does not end: never a wrong answer.
-#}
{% materialization connected_components, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set grants = config.get('grants') -%}

    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}

    {%- set scratch = namespace(relations={}, statements=0) -%}
    {%- set pointers = segmentloom.contract_edges(scratch, sql) -%}
    {%- set folded = segmentloom.fold_pointers(scratch, pointers) -%}

    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {% call statement('main') -%}
        create or replace table {{ target_relation }} as
        {{ folded }}
    {%- endcall %}

    {%- for relation in scratch.relations.values() -%}
        {%- do adapter.drop_relation(relation) -%}
    {%- endfor -%}
    {%- do log(
        'segmentloom: ' ~ this.identifier ~ ': ' ~ pointers | length ~ ' rounds, ' ~ (scratch.statements + 1) ~ ' statements'
    ) -%}

    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(existing, full_refresh_mode=true)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=false) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
