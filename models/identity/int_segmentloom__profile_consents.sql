{#-
    One row per profile: its latest consents, and whether any of its identifiers came with Global Privacy Control.
    There every identifier of the event counts, not its owner alone: on a shared device they are of different profiles.
-#}
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
        end as {{ consent }}_consent{{ ',' if not loop.last }}
        {%- endfor %}

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
        ad_user_data_consent is not null
        or ad_personalization_consent is not null

),

consents as (

    select
        profile_id,
        {%- for consent in ['ad_user_data', 'ad_personalization'] %}
        max(case when {{ consent }}_place = 1 then {{ consent }}_consent end) as {{ consent }}_consent{{ ',' if not loop.last }}
        {%- endfor %}

    from ranked

    group by profile_id

),

gpc_events as (

    select * from (
        {{ segmentloom.usable_identifiers(ref('segmentloom__events')) }}
    ) as identified

    where lower({{ segmentloom.json_raw_text('context', ['gpc']) }}) = 'true'

),

gpc_identifiers as (

    {% for type in segmentloom.identifier_types() -%}
    {{ 'union all ' if not loop.first }}select '{{ type }}' as identifier_type, usable_{{ type }} as identifier_value from gpc_events
    {% endfor %}

),

opted_out as (

    select distinct identifiers.profile_id

    from gpc_identifiers
    inner join {{ ref('segmentloom__identifiers') }} as identifiers
        on
            identifiers.identifier_type = gpc_identifiers.identifier_type
            and identifiers.identifier_value = gpc_identifiers.identifier_value

)

select
    coalesce(consents.profile_id, opted_out.profile_id) as profile_id,
    consents.ad_user_data_consent,
    consents.ad_personalization_consent,
    opted_out.profile_id is not null as is_opted_out

from consents
full outer join opted_out on opted_out.profile_id = consents.profile_id
