{# An audience condition: whether the profile is in another audience. #}
{% macro condition_audience(definition) -%}
    members_of_{{ definition['audience'] }}.profile_id is not null
{%- endmacro %}
