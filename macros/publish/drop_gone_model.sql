{# Drops what the generated model of a gone audience left in the target's schema: dbt leaves it there, members and all.
   One that another model still reads, built with a former definition, stays until that is built anew. #}
{% macro drop_gone_model(name, membership) -%}
    {%- set left_over = membership.incorporate(path={'identifier': 'audience_' ~ name}, type=none) -%}
    {%- set found = load_relation(left_over) -%}
    {%- set readers = [] -%}
    {%- for row in segmentloom.standing_audiences() if name in row.asks.audiences and row.audience != name -%}
        {%- do readers.append(row.audience) -%}
    {%- endfor -%}
    {%- if found and not readers and name not in ['membership', 'membership_log', 'sizes', 'changes'] -%}
        {%- do adapter.drop_relation(found) -%}
        {%- do segmentloom.run_together([
            'delete from ' ~ segmentloom.state_relation('standing_audiences') ~ ' where audience = ' ~ segmentloom.literal(name)
        ]) -%}
    {%- endif -%}
{%- endmacro %}
