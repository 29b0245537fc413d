{#-
    One row per profile and kind of identifier that no platform is sent: why. What a platform's own rule refuses beyond this
    has neither a row here nor one in hashed_identifiers. An address that is stated, but that identity refuses to link to the
    person, is missing.
-#}
{{ config(materialized='view', alias='identifier_problems') }}

with

profiles as (

    select
        profile_id,
        email,
        phone,
        case when email is null then {{ segmentloom.trim_blanks(segmentloom.json_text('traits', ['email'])) }} end as stated_email,
        case when phone is null then {{ segmentloom.phone_text('traits') }} end as stated_phone

    from {{ ref('segmentloom__profiles') }}

),

blocked as (

    select * from {{ ref('int_segmentloom__blocked_identifiers') }}

),

emails as (

    select
        profiles.profile_id,
        'email' as identifier_type,
        case
            when profiles.email is not null then {{ segmentloom.email_problem('profiles.email') }}
            when profiles.stated_email is null then 'missing'
            when blocked.identifier_value is not null then 'placeholder'
            else coalesce(
                {{ segmentloom.email_problem('profiles.stated_email') }},
                case when profiles.stated_email like '%@%' then 'missing' else 'malformed' end
            )
        end as problem

    from profiles
    left join blocked
        on
            blocked.identifier_type = 'email'
            and blocked.identifier_value = lower(profiles.stated_email)

),

phones as (

    select
        profile_id,
        'phone' as identifier_type,
        case
            when phone is not null then {{ segmentloom.phone_problem('phone') }}
            when stated_phone is null then 'missing'
            else 'placeholder'
        end as problem

    from profiles

),

final as (

    select * from emails

    where problem is not null

    union all

    select * from phones

    where problem is not null

)

select * from final
