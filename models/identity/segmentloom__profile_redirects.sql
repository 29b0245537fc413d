{#-
    One row per identifier that is not its profile's oldest: the id of the profile that it was, or would be, the oldest
    of, and the profile that it is in. So every former profile id leads to the current one.
-#}
{{ config(alias='profile_redirects') }}

with

redirects as (

    select
        {{ segmentloom.profile_id('identifier_type', 'identifier_value') }} as former_profile_id,
        profile_id

    from {{ ref('int_segmentloom__identity_map') }}

)

select * from redirects

where former_profile_id <> profile_id
