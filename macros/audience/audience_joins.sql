{# The joins that conditions read from: at most one row per profile each. #}
{% macro audience_joins(definition, counts) -%}
    {%- set relations = [] -%}
    {%- for count in counts.values() -%}
        {%- do relations.append(count.column if 'sequence' in count.leaf else 'event_counts') -%}
    {%- endfor -%}
    {%- for name in segmentloom.used_audiences(definition) -%}
        {%- do relations.append('members_of_' ~ name) -%}
    {%- endfor -%}
    {%- for relation in relations | unique %}
    left join {{ relation }}
        on profiles.profile_id = {{ relation }}.profile_id
    {%- endfor %}
{%- endmacro %}
