{# The members of an audience for previews: profile_id. The models of audiences have `audience`. #}
{% macro audience_members(definition) -%}
with

{{ segmentloom.judged_profiles(definition) }}

select judged.profile_id
from judged
where judged.is_member
{%- endmacro %}
