{# Who is a member, as an SQL expression that is true or false, never null: who matches and is not excluded, not held out
   and in none of the audiences that come first. #}
{% macro membership_condition(definition, findings=none) -%}
    {%- set conditions = [segmentloom.condition(definition['match'], findings) | trim] -%}
    {%- if 'exclude' in definition -%}
        {%- do conditions.append('not (' ~ segmentloom.condition(definition['exclude'], findings) | trim ~ ')') -%}
    {%- endif -%}
    {%- if 'holdout' in definition -%}
        {%- do conditions.append('not (' ~ segmentloom.held_out(definition['holdout']) | trim ~ ')') -%}
    {%- endif -%}
    {%- for name in definition.get('outranked_by', []) -%}
        {%- do conditions.append('not (' ~ segmentloom.condition_audience({'audience': name}) | trim ~ ')') -%}
    {%- endfor -%}
    {{ conditions | join(' and ') }}
{%- endmacro %}
