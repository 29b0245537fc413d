{# The names of the audiences that a definition asks for, each once, as a list. #}
{% macro used_audiences(definition) -%}
    {%- set names = [] -%}
    {%- for leaf in segmentloom.leaves(definition) if 'audience' in leaf and leaf['audience'] not in names -%}
        {%- if not modules.re.match('^[a-z][a-z0-9_]*$', leaf['audience']) -%}
            {{ exceptions.raise_compiler_error('segmentloom: an audience name is lower-case letters, digits and _') }}
        {%- endif -%}
        {%- do names.append(leaf['audience']) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
