{# Who is a member, as an SQL expression that is true or false, never null: whom the definition takes, and none of the audiences
   that come first. Those together hold whom their definitions take, whichever of them comes before another. #}
{% macro membership_condition(definition, findings=none) -%}
    {%- set conditions = [segmentloom.taken_condition(definition, findings) | trim] -%}
    {%- for first in definition.get('outranked_by', []) -%}
        {%- do conditions.append('not (' ~ segmentloom.taken_condition(first, findings) | trim ~ ')') -%}
    {%- endfor -%}
    {{ conditions | join(' and ') }}
{%- endmacro %}

{# Whom a definition takes, as such an expression: who matches and is not excluded and not held out. #}
{% macro taken_condition(definition, findings=none) -%}
    {%- set parts = [segmentloom.condition(definition['match'], findings) | trim] -%}
    {%- if 'exclude' in definition -%}
        {%- do parts.append('not (' ~ segmentloom.condition(definition['exclude'], findings) | trim ~ ')') -%}
    {%- endif -%}
    {%- if 'holdout' in definition -%}
        {%- do parts.append('not (' ~ segmentloom.held_out(definition['holdout']) | trim ~ ')') -%}
    {%- endif -%}
    {{ parts | join(' and ') }}
{%- endmacro %}
