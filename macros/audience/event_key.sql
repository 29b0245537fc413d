{# What an event condition counts, its threshold left out. #}
{% macro event_key(condition) -%}
    {{ return(tojson([condition['event'], condition.get('within_hours'), condition.get('where')])) }}
{%- endmacro %}
