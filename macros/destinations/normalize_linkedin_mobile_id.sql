{# LinkedIn (GOOGLE_AID): not hashed; LinkedIn does not say in which case, lower is our choice. #}
{% macro normalize_linkedin_mobile_id(expression) -%}
    {{ segmentloom.mobile_id(expression) }}
{%- endmacro %}
