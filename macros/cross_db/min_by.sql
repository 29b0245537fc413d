{# The value of the row that has the least `order` in its group. #}
{% macro min_by(value, order) -%}
    {{ return(adapter.dispatch('min_by', 'segmentloom')(value, order)) }}
{%- endmacro %}

{% macro default__min_by(value, order) -%}
    min_by({{ value }}, {{ order }})
{%- endmacro %}

{# Its min_by is another name for this, which its open-source analyser knows. #}
{% macro bigquery__min_by(value, order) -%}
    any_value({{ value }} having min {{ order }})
{%- endmacro %}
