{# Drops what the generated model of a gone audience left in the target's schema: dbt leaves it there, members and all. #}
{% macro drop_gone_model(name, membership) -%}
    {%- set left_over = membership.incorporate(path={'identifier': 'audience_' ~ name}, type=none) -%}
    {%- set found = load_relation(left_over) -%}
    {%- if found and name not in ['membership', 'membership_log', 'sizes', 'changes'] -%}
        {%- do run_query('drop ' ~ found.type ~ ' if exists ' ~ found) -%}
    {%- endif -%}
{%- endmacro %}
