{{ config(materialized='first_deliveries', alias='events') }}
{%- set step = segmentloom.events_step() -%}
{{ segmentloom.write_step(step) }}

with

deliveries as (

    {{ segmentloom.deliveries(step) }}

),

first_deliveries as (

    select *

    from deliveries

    where reason is null

    qualify row_number() over (
        partition by source_id, event_id
        order by {{ segmentloom.delivery_order() | join(', ') }}
    ) = 1

),
{%- if not step.is_full %}

changed as (

    select first_deliveries.*

    from first_deliveries
    left join {{ this }} as known
        on
            known.source_id = first_deliveries.source_id
            and known.event_id = first_deliveries.event_id

    where
        known.event_id is null
        or {{ segmentloom.comes_before('first_deliveries', 'known', segmentloom.delivery_order()) }}
        {%- if step.replaced %}
        or (known.load_id <> first_deliveries.load_id and {{ segmentloom.is_replaced('known', step) }})
        {%- endif %}

),
{%- endif %}

identified as (

    {{ segmentloom.usable_identifiers('first_deliveries' if step.is_full else 'changed') }}

),

owned as (

    select
        *,
        case
            when usable_user_id is not null then 'user_id'
            when usable_email is not null then 'email'
            when usable_anonymous_id is not null then 'anonymous_id'
        end as owner_type,
        coalesce(usable_user_id, usable_email, usable_anonymous_id) as owner_value

    from identified

),

final as (

    select
        {%- for column in segmentloom.event_columns() %}
        {{ column }},
        {%- endfor %}
        cast(occurred_at as date) as event_date,
        owner_type,
        owner_value,
        {{ segmentloom.identifier_key("owner_type || ':' || owner_value") }} as owner_key,
        load_id,
        line_number,
        cast({{ step.batch }} as {{ dbt.type_bigint() }}) as batch

    from owned

)

select * from final
