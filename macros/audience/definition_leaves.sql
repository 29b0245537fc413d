{# The leaf conditions of a whole definition as a list: those of match, then those of exclude. #}
{% macro definition_leaves(definition) -%}
    {%- for key in definition if key not in ['match', 'exclude', 'holdout', 'outranked_by'] -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: a definition has the keys match, exclude, holdout, outranked_by; found ' ~ key
        ) }}
    {%- endfor -%}
    {%- if 'match' not in definition -%}
        {{ exceptions.raise_compiler_error('segmentloom: a definition needs the key match') }}
    {%- endif -%}
    {%- set found = segmentloom.leaves(definition['match']) -%}
    {%- if 'exclude' in definition -%}
        {%- do found.extend(segmentloom.leaves(definition['exclude'])) -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
