{# Whether a row of counts says anything. #}
{% macro any_count(width) -%}
    {% for number in range(1, width + 1) %}{{ 'or ' if not loop.first }}n_{{ number }} <> 0 {% endfor %}
{%- endmacro %}
