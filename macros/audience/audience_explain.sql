{# What holds for each profile, as `judged_profiles` has it, and what was found of its events: found_1 for the first leaf
   condition and so on, null where nothing was or the condition is about no events; numbers_1 for averages, of how many
   numbers found_1 is the sum. #}
{% macro audience_explain(definition) -%}
    {%- set findings = segmentloom.event_findings(definition) -%}
with

{{ segmentloom.judged_profiles(definition) }}

select
    judged.*
    {%- for leaf in segmentloom.definition_leaves(definition) if 'event' in leaf or 'sequence' in leaf %}
    {%- set found = findings[segmentloom.event_key(leaf)] %},
    {{ found.value }} as found_{{ loop.index }}
    {%- if found.numbers is defined %},
    {{ found.numbers }} as numbers_{{ loop.index }}
    {%- endif %}
    {%- endfor %}

from judged
inner join profiles
    on judged.profile_id = profiles.profile_id
{{- segmentloom.audience_joins(definition, findings) }}
{%- endmacro %}
