{#-
    The identifiers whose profile may change in this step: seen for the first time or earlier than before, at an end of
    a link that is new, earlier or gone, named by an alias whose meaning may have changed, or decided upon.
-#}
{% macro changed_identifiers(step, identity_map) -%}
    {%- set sightings, links = ref('int_segmentloom__sightings'), ref('int_segmentloom__event_links') -%}
    {%- set alias_events = ref('int_segmentloom__alias_events') -%}
    {%- set is_new = 'batch > ' ~ step.from_batch -%}
with

sightings as (

    select sightings.identifier_key, sightings.identifier_value, identity_map.identifier_key is null as is_first

    from {{ sightings }} as sightings
    left join {{ identity_map }} as identity_map on identity_map.identifier_key = sightings.identifier_key

    where
        sightings.{{ is_new }}
        and (
            identity_map.identifier_key is null
            or sightings.first_seen_at < identity_map.first_seen_at
        )

),

retracted as (

    select * from {{ segmentloom.retractions(step) }}

),

{# What is an alias's previous_id turns on whether its value occurs as a user_id or an anonymous_id. -#}
turned_values as (

    select identifier_value from sightings where is_first
    union distinct
    select user_id from retracted where user_id is not null
    union distinct
    select anonymous_id from retracted where anonymous_id is not null

),

alias_names as (

    select user_id, previous_id from {{ alias_events }}

    where
        {{ is_new }}
        or previous_id in (select identifier_value from turned_values)

    union all

    select user_id, previous_id from retracted

    where previous_id is not null

),

overrides as (

    select * from {{ ref('segmentloom__identity_overrides') }}

    where override_id in ({{ segmentloom.text_list(step.overrides) }})

),

final as (

    select identifier_key from sightings
    union distinct
    select identifier_key from {{ links }} where {{ is_new }}
    union distinct
    select other_key as identifier_key from {{ links }} where {{ is_new }}
    union distinct
    select identifier_key from ({{ segmentloom.retracted_keys('identifiers', step) }}) as retracted_identifiers
    {%- for type, column in [('user_id', 'user_id'), ('user_id', 'previous_id'), ('anonymous_id', 'previous_id')] %}
    union distinct
    select {{ segmentloom.graph_key("'" ~ type ~ "'", column) }} as identifier_key from alias_names where {{ column }} is not null
    {%- endfor %}
    union distinct
    select {{ segmentloom.graph_key('identifier_type', 'identifier_value') }} as identifier_key from overrides
    union distinct
    select {{ segmentloom.graph_key('other_type', 'other_value') }} as identifier_key from overrides

)

select identifier_key from final
{%- endmacro %}
