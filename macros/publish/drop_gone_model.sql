{# Drops what the generated model of a gone audience left in the target's schema: dbt leaves it there, members and all. #}
{% macro drop_gone_model(name, tables) -%}
    {%- set left_over = tables['audience_membership'].incorporate(path={'identifier': 'audience_' ~ name}, type=none) -%}
    {%- set found = load_relation(left_over) -%}
    {%- if found and 'audience_' ~ name not in tables -%}
        {%- do adapter.drop_relation(found) -%}
    {%- endif -%}
{%- endmacro %}
