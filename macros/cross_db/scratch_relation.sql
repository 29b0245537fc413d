{# Where a scratch table of the running model is: beside the model, under a name that neither a model nor another run has. #}
{% macro scratch_relation(identifier) -%}
    {{ return(adapter.dispatch('scratch_relation', 'segmentloom')(identifier)) }}
{%- endmacro %}

{% macro default__scratch_relation(identifier) -%}
    {{ return(this.incorporate(path={'identifier': identifier ~ '__' ~ invocation_id[:8]}, type='table')) }}
{%- endmacro %}

{# A temporary table of the model's own connection. #}
{% macro duckdb__scratch_relation(identifier) -%}
    {{ return(this.incorporate(path={'database': 'temp', 'schema': 'main', 'identifier': identifier}, type='table')) }}
{%- endmacro %}
