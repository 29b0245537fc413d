{# Where a scratch table of the running model is: beside the model, under a name that no model has. #}
{% macro scratch_relation(identifier) -%}
    {{ return(adapter.dispatch('scratch_relation', 'segmentloom')(identifier)) }}
{%- endmacro %}

{% macro default__scratch_relation(identifier) -%}
    {{ return(this.incorporate(path={'identifier': identifier}, type='table')) }}
{%- endmacro %}

{# A temporary table of the model's own connection. #}
{% macro duckdb__scratch_relation(identifier) -%}
    {{ return(this.incorporate(path={'database': 'temp', 'schema': 'main', 'identifier': identifier}, type='table')) }}
{%- endmacro %}
