{# Runs at the end of every dbt run: see the audience layer. #}
{% macro publish_audiences(results) -%}
{%- endmacro %}
