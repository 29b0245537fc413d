{#-
    A condition or a group of them as an SQL expression that is true or false, never null. Without `findings` leaf conditions
    are columns of the shared conditions.
-#}
{% macro condition(definition, findings=none) -%}
    {%- if 'all' in definition -%} {{ segmentloom.condition_group(definition['all'], 'and', findings) }}
    {%- elif 'any' in definition -%} {{ segmentloom.condition_group(definition['any'], 'or', findings) }}
    {%- elif 'not' in definition -%} not ({{ segmentloom.condition(definition['not'], findings) | trim }})
    {%- elif 'audience' in definition -%} {{ segmentloom.condition_audience(definition) }}
    {%- elif findings is none -%} profiles.{{ segmentloom.condition_column(definition) }}
    {%- elif 'event' in definition or 'sequence' in definition -%} {{ segmentloom.condition_event(definition, findings) }}
    {%- elif 'trait' in definition -%} {{ segmentloom.condition_trait(definition) }}
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: a condition has one of the keys all, any, not, event, sequence, trait, audience; found '
            ~ definition | join(', ')
        ) }}
    {%- endif -%}
{%- endmacro %}
