{# The leaf conditions of a definition in its order, as a list. #}
{% macro leaves(definition) -%}
    {%- set found = [] -%}
    {%- for member in definition.get('all', definition.get('any', [])) -%}
        {%- do found.extend(segmentloom.leaves(member)) -%}
    {%- endfor -%}
    {%- if 'not' in definition -%}
        {%- do found.extend(segmentloom.leaves(definition['not'])) -%}
    {%- elif 'all' not in definition and 'any' not in definition -%}
        {%- do found.append(definition) -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
