{#-
    A shadow is a second build beside the live one, in a schema of its own, from the same landed events: what `identity
    plan` and `identity check` compare. The var segmentloom_shadow_of names the live schema; without it there is none.
-#}
{% macro live_schema() -%}
    {{ return(var('segmentloom_shadow_of', none) or target.schema) }}
{%- endmacro %}

{% macro is_shadow() -%}
    {{ return(segmentloom.live_schema() != target.schema) }}
{%- endmacro %}

{# The live relation of one that a shadow does not build. #}
{% macro live_relation(relation) -%}
    {%- if segmentloom.is_shadow() and not relation.is_cte and relation.schema.startswith(target.schema) -%}
        {{ return(relation.incorporate(path={
            'schema': segmentloom.live_schema() ~ relation.schema[target.schema | length:],
        })) }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}

{#-
    Refuses a shadow of which anything would be written outside of its schema: a project can name schemas in its own
    way, and a shadow must never touch what is live.
-#}
{% macro check_shadow() -%}
    {%- if execute and segmentloom.is_shadow() -%}
        {%- for node in graph.nodes.values()
            if node.unique_id in selected_resources and node.resource_type in ['model', 'seed'] and node.schema != target.schema -%}
            {{ exceptions.raise_compiler_error(
                'segmentloom: ' ~ node.name ~ ' belongs to the schema ' ~ node.schema ~ ', not to that of the target; '
                ~ 'a second build beside the live one needs all of segmentloom in the schema of the target'
            ) }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
