{#- One row per profile, hash rule and identifier that it can be sent by. The same address has another hash for each rule. -#}
{{ config(materialized='table', alias='hashed_identifiers') }}

with

profiles as (

    select
        profile_id,
        email,
        phone

    from {{ ref('segmentloom__profiles') }}

),

normalized as (

    select
        'google' as hash_rule,
        profile_id,
        'email' as identifier_type,
        {{ segmentloom.normalize_google_email('email') }} as identifier

    from profiles

    union all

    select
        'google' as hash_rule,
        profile_id,
        'phone' as identifier_type,
        {{ segmentloom.normalize_google_phone('phone') }} as identifier

    from profiles

    union all

    select
        'meta' as hash_rule,
        profile_id,
        'email' as identifier_type,
        {{ segmentloom.normalize_meta_email('email') }} as identifier

    from profiles

    union all

    select
        'meta' as hash_rule,
        profile_id,
        'phone' as identifier_type,
        {{ segmentloom.normalize_meta_phone('phone') }} as identifier

    from profiles

    union all

    select
        'linkedin' as hash_rule,
        profile_id,
        'email' as identifier_type,
        {{ segmentloom.normalize_linkedin_email('email') }} as identifier

    from profiles

),

final as (

    select
        hash_rule,
        profile_id,
        identifier_type,
        {{ segmentloom.sha256_hex('identifier') }} as identifier

    from normalized

    where identifier is not null

)

select * from final
