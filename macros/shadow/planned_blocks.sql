{#-
    Blocked identifiers that a shadow tries out: a table that `segmentloom-sync identity plan` filled. The var
    segmentloom_planned_blocks says whether they come on top of the seed (add) or in place of it (replace).
-#}
{% macro planned_blocks() -%}
    {%- set kind = var('segmentloom_planned_blocks', none) if segmentloom.is_shadow() else none -%}
    {%- set seed = ref('segmentloom_blocked_identifiers') -%}
    {%- set planned = api.Relation.create(
        database=target.database,
        schema=target.schema,
        identifier='int_segmentloom__planned_blocks',
    ) -%}
    {{ return({'add': [seed, planned], 'replace': [planned]}.get(kind, [seed])) }}
{%- endmacro %}
