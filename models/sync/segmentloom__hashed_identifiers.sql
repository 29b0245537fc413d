{#-
    One row per profile, hash rule and identifier that it can be sent by. The same address has another hash for each rule;
    placeholders and hashes have none.
-#}
{%- set problems = {'email': segmentloom.email_problem('email'), 'phone': segmentloom.phone_problem('phone')} -%}
{%- set normalizations = [
    ('google', 'email', segmentloom.normalize_google_email('email')),
    ('google', 'phone', segmentloom.normalize_google_phone('phone')),
    ('meta', 'email', segmentloom.normalize_meta_email('email')),
    ('meta', 'phone', segmentloom.normalize_meta_phone('phone')),
    ('linkedin', 'email', segmentloom.normalize_linkedin_email('email')),
    ('tiktok', 'email', segmentloom.normalize_tiktok_email('email')),
    ('tiktok', 'phone', segmentloom.normalize_tiktok_phone('phone')),
    ('plain', 'email', segmentloom.normalize_plain_email('email')),
    ('plain', 'phone', segmentloom.normalize_plain_phone('phone')),
] -%}
{{
    config(
        materialized='keyed_state',
        alias='hashed_identifiers',
        meta={
            'key': ['profile_id'],
            'feed': 'int_segmentloom__profile_changes',
            'after': ['segmentloom__profiles'],
            'rules': local_md5(normalizations | string ~ problems | string),
        },
    )
}}
{%- set step = segmentloom.fold_step() %}

{{ segmentloom.write_step(step) }}

-- What is sent is built after what bars people: depends_on: {{ ref('int_segmentloom__identifier_digests') }}

with

profiles as (

    select
        profile_id,
        case when {{ problems.email }} is null then email end as email,
        case when {{ problems.phone }} is null then phone end as phone

    from {{ ref('segmentloom__profiles') }}

    {{ segmentloom.where_profile_changed(step) }}

),

normalized as (

    {% for hash_rule, identifier_type, normalization in normalizations -%}
    {{ 'union all\n\n    ' if not loop.first }}select
        '{{ hash_rule }}' as hash_rule,
        profile_id,
        '{{ identifier_type }}' as identifier_type,
        {{ normalization }} as identifier

    from profiles

    {% endfor %}
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
