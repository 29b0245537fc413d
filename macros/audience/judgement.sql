{# What follows for a profile of `judged` from which leaf conditions hold, as an SQL expression that is never null.
   The forms are those of segmentloom_sync/audiences/breakdown.py. #}
{% macro judgement(of) -%}
    {%- if 'leaf' in of -%} judged.leaf_{{ of['leaf'] | int }}
    {%- elif 'always' in of -%} {{ 'true' if of['always'] else 'false' }}
    {%- elif 'held_out' in of -%} judged.is_held_out
    {%- elif 'outranked' in of -%} judged.outranked_{{ of['outranked'] | int }}
    {%- elif 'not' in of -%} not ({{ segmentloom.judgement(of['not']) | trim }})
    {%- else -%}
        {%- set parts = [] -%}
        {%- for member in of.get('all', of.get('any')) -%}
            {%- do parts.append(segmentloom.judgement(member) | trim) -%}
        {%- endfor -%}
        ({{ parts | join(' and ' if 'all' in of else ' or ') }})
    {%- endif -%}
{%- endmacro %}
