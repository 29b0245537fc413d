{# The leaf conditions of a whole definition as a list: those of match, then those of exclude. #}
{% macro definition_leaves(definition) -%}
    {%- for key in definition if key not in ['audience', 'match', 'exclude', 'holdout', 'outranked_by'] -%}
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

{# All leaf conditions that decide who is a member: its own, then those of the definitions that come first. #}
{% macro deciding_leaves(definition) -%}
    {%- set found = segmentloom.definition_leaves(definition) -%}
    {%- for first in definition.get('outranked_by', []) -%}
        {%- if first is not mapping or 'audience' not in first -%}
            {{ exceptions.raise_compiler_error(
                'segmentloom: outranked_by lists definitions, each with the name of its audience; run `segmentloom-sync compile`'
            ) }}
        {%- endif -%}
        {%- do found.extend(segmentloom.definition_leaves(first)) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
