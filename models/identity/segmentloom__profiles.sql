{#-
    One row per profile; a step derives those again that a change of the map touched. Whoever builds profiles gets their
    identifiers, too.
-#}
-- depends_on: {{ ref('segmentloom__identifiers') }}
{{
    config(
        materialized='keyed_state',
        alias='profiles',
        meta={
            'key': ['profile_id'],
            'feed': 'int_segmentloom__profile_changes',
            'after': ['int_segmentloom__owner_attributes'],
            'rules': var('segmentloom_max_identifiers_per_profile'),
        },
    )
}}
{%- set step = segmentloom.fold_step() %}

{{ segmentloom.write_step(step) }}

with

identifiers as (

    select * from {{ ref('int_segmentloom__identity_map') }}

    {{ segmentloom.where_profile_changed(step) }}

),

placed as (

    select
        *,
        row_number() over (
            partition by component_key, identifier_type
            order by last_seen_at desc, identifier_value desc
        ) as place

    from identifiers

),

persons as (

    select
        component_key,
        min(profile_id) as profile_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        cast(sum(owned_event_count) as {{ dbt.type_bigint() }}) as event_count,
        count(*) as identifier_count,
        max(case when identifier_type = 'user_id' and place = 1 then identifier_value end) as user_id,
        max(case when identifier_type = 'email' and place = 1 then identifier_value end) as email,
        max(gpc_event_count) > 0 as is_opted_out

    from placed

    group by component_key

),

attributes as (

    {{ segmentloom.latest_attributes('identifiers') }}

),

statements as (

    select
        component_key,
        {{ segmentloom.json_of_entries(
            key='attribute_name',
            value='attribute_value',
            condition="attribute_kind = 'trait' and attribute_value <> 'null'",
        ) }} as traits,
        {%- for name in segmentloom.consents() %}
        max(case when attribute_kind = 'consent' and attribute_name = '{{ name }}' then attribute_value end) as {{ name }}_consent,
        {%- endfor %}
        max(case when attribute_kind = 'phone' then attribute_value end) as phone

    from attributes

    group by component_key

),

final as (

    select
        persons.profile_id,
        persons.first_seen_at,
        persons.last_seen_at,
        persons.event_count,
        persons.identifier_count,
        persons.user_id,
        persons.email,
        statements.phone,
        {{ segmentloom.json_from_text("coalesce(statements.traits, '{}')") }} as traits,
        {%- for name in segmentloom.consents() %}
        statements.{{ name }}_consent,
        {%- endfor %}
        persons.is_opted_out,
        persons.identifier_count > {{ var('segmentloom_max_identifiers_per_profile') }} as is_quarantined

    from persons
    left join statements on statements.component_key = persons.component_key

)

select * from final
