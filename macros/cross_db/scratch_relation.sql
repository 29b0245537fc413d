{# Where a scratch table of the running model is: beside the model, under a name that neither a model nor another run has. #}
{% macro scratch_relation(identifier) -%}
    {{ return(segmentloom.scratch_beside(this, identifier)) }}
{%- endmacro %}

{# The same beside another relation. #}
{% macro scratch_beside(relation, identifier) -%}
    {{ return(adapter.dispatch('scratch_beside', 'segmentloom')(relation, identifier)) }}
{%- endmacro %}

{% macro default__scratch_beside(relation, identifier) -%}
    {{ return(relation.incorporate(path={'identifier': identifier ~ '__' ~ invocation_id[:8]}, type='table')) }}
{%- endmacro %}

{# A temporary table of the connection. #}
{% macro duckdb__scratch_beside(relation, identifier) -%}
    {{ return(relation.incorporate(path={'database': 'temp', 'schema': 'main', 'identifier': identifier}, type='table')) }}
{%- endmacro %}
