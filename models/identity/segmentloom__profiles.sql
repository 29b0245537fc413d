{{ config(materialized='table', alias='profiles') }}

with

identifiers as (

    select
        *,
        row_number() over (
            partition by profile_id, identifier_type
            order by last_seen_at desc, identifier_value desc
        ) as place

    from {{ ref('segmentloom__identifiers') }}

),

persons as (

    select
        profile_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        count(*) as identifier_count,
        max(case when identifier_type = 'user_id' and place = 1 then identifier_value end) as user_id,
        max(case when identifier_type = 'email' and place = 1 then identifier_value end) as email

    from identifiers

    group by profile_id

),

activity as (

    select
        profile_id,
        count(*) as event_count

    from {{ ref('int_segmentloom__owned_events') }}

    group by profile_id

),

final as (

    select
        persons.profile_id,
        persons.first_seen_at,
        persons.last_seen_at,
        coalesce(activity.event_count, 0) as event_count,
        persons.identifier_count,
        persons.user_id,
        persons.email,
        phones.phone,
        coalesce(traits.traits, {{ segmentloom.json_from_text("'{}'") }}) as traits,
        consents.ad_user_data_consent,
        consents.ad_personalization_consent,
        coalesce(consents.is_opted_out, false) as is_opted_out,
        persons.identifier_count > {{ var('segmentloom_max_identifiers_per_profile') }} as is_quarantined

    from persons
    left join activity on activity.profile_id = persons.profile_id
    left join {{ ref('int_segmentloom__profile_phones') }} as phones on phones.profile_id = persons.profile_id
    left join {{ ref('int_segmentloom__profile_traits') }} as traits on traits.profile_id = persons.profile_id
    left join {{ ref('int_segmentloom__profile_consents') }} as consents on consents.profile_id = persons.profile_id

)

select * from final
