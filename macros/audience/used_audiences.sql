{# The names of the audiences that a definition asks for, each once, as a list. #}
{% macro used_audiences(definition) -%}
    {%- set names = [] -%}
    {%- for leaf in segmentloom.deciding_leaves(definition) if 'audience' in leaf -%}
        {%- do names.append(leaf['audience']) -%}
    {%- endfor -%}
    {%- for name in names if not modules.re.match('^[a-z][a-z0-9_]*$', name) -%}
        {{ exceptions.raise_compiler_error('segmentloom: an audience name is lower-case letters, digits and _') }}
    {%- endfor -%}
    {{ return(names | unique | list) }}
{%- endmacro %}
