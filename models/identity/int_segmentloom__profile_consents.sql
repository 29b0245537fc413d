{#- One row per profile: its latest consents, and whether a browser of its ever sent Global Privacy Control. -#}
{{ config(materialized='table') }}

with

statements as (

    select
        profile_id,
        source_id,
        event_id,
        occurred_at,
        {%- for consent in ['ad_user_data', 'ad_personalization'] %}
        case lower({{ segmentloom.json_raw_text('context', ['consent', consent]) }})
            when 'granted' then 'granted'
            when 'true' then 'granted'
            when 'denied' then 'denied'
            when 'false' then 'denied'
        end as {{ consent }}_consent,
        {%- endfor %}
        case when lower({{ segmentloom.json_raw_text('context', ['gpc']) }}) = 'true' then 1 else 0 end as gpc

    from {{ ref('int_segmentloom__owned_events') }}

),

ranked as (

    select
        *,
        {%- for consent in ['ad_user_data', 'ad_personalization'] %}
        row_number() over (
            partition by profile_id, case when {{ consent }}_consent is null then 0 else 1 end
            order by occurred_at desc, source_id desc, event_id desc
        ) as {{ consent }}_place{{ ',' if not loop.last }}
        {%- endfor %}

    from statements

    where
        gpc = 1
        or ad_user_data_consent is not null
        or ad_personalization_consent is not null

)

select
    profile_id,
    {%- for consent in ['ad_user_data', 'ad_personalization'] %}
    max(case when {{ consent }}_place = 1 then {{ consent }}_consent end) as {{ consent }}_consent,
    {%- endfor %}
    max(gpc) = 1 as is_opted_out

from ranked

group by profile_id
