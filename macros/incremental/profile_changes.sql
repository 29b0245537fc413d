{#- The feed of profiles to derive again, for models that follow it (`feed` in their meta) instead of the events. -#}

{# The profiles that a step derives again, those that are no more included. #}
{% macro changed_profiles(step) -%}
    select distinct profile_id from {{ ref('int_segmentloom__profile_changes') }}
    where batch > {{ step.from_batch }} and batch <= {{ step.to_batch }}
{%- endmacro %}

{# The condition that keeps a step to those; a full one takes all. #}
{% macro where_profile_changed(step) -%}
    {%- set changed = segmentloom.changed_profiles(step) -%}
    {%- if not step.is_full -%}
    where profile_id in ({{ changed }})
    {%- endif -%}
{%- endmacro %}
