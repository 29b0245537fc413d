{# The joins that conditions read from: at most one row per profile each. #}
{% macro audience_joins(definition, findings) -%}
    {%- set relations = [] -%}
    {%- for finding in findings.values() -%}
        {%- do relations.append(finding.column if 'sequence' in finding.leaf else 'event_findings') -%}
    {%- endfor -%}
    {%- for name in segmentloom.used_audiences(definition) -%}
        {%- do relations.append('members_of_' ~ name) -%}
    {%- endfor -%}
    {%- for relation in relations | unique %}
    left join {{ relation }}
        on profiles.profile_id = {{ relation }}.profile_id
    {%- endfor %}
{%- endmacro %}
