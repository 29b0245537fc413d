{# A trait condition: a trait of the profile compared with a value. #}
{% macro condition_trait(definition) -%}
    {{ segmentloom.compare('profiles.traits', definition['trait'], definition) }}
{%- endmacro %}
