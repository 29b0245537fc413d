{#-
    The version of what the incremental models keep. A model whose rows were made by another starts from nothing: raise
    it whenever a macro that they are made by gives other rows than before.
-#}
{% macro state_version() -%}
    {{ return(3) }}
{%- endmacro %}
