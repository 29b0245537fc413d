{# The joins that conditions read from: at most one row per profile each. #}
{% macro audience_joins(definition, counts) -%}
    {%- if counts %}
    left join event_counts
        on profiles.profile_id = event_counts.profile_id
    {%- endif %}
    {%- for name in segmentloom.used_audiences(definition) %}
    left join members_of_{{ name }}
        on profiles.profile_id = members_of_{{ name }}.profile_id
    {%- endfor %}
{%- endmacro %}
