{# The profiles whose conditions may have changed, those that are no more included. #}
{% macro touched_profiles(step) -%}
    select profile_id from ({{ segmentloom.changed_profiles(step.profiles) }}) as changed

    union distinct

    select profile_id from {{ ref('int_segmentloom__identity_map') }}
    where identifier_key in (
        select owner_key from {{ ref('int_segmentloom__count_changes') }}
        where batch > {{ step.counts.from_batch }} and batch <= {{ step.counts.to_batch }}
    )
{%- endmacro %}

{# The identifiers of those profiles. #}
{% macro touched_owners(touched) -%}
    select identifier_key, component_key, profile_id from {{ ref('int_segmentloom__identity_map') }}
    where profile_id in (select profile_id from {{ touched }})
{%- endmacro %}

{# And their counts. #}
{% macro touched_counts(owners) -%}
    select counts.* from {{ ref('int_segmentloom__event_counts') }} as counts
    inner join {{ owners }} as owners on owners.identifier_key = counts.owner_key
{%- endmacro %}
