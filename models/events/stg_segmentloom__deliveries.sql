{#- One row per delivery of an event from any source, in one shape, with the reason for refusing it, if any. -#}
{%- set names = [] -%}
{%- for source in var('segmentloom_sources', []) -%}
    {%- if source.name in names -%}
        {{ segmentloom.source_problem(source, 'name', 'is used twice; event ids are unique within a source only') }}
    {%- endif -%}
    {%- do names.append(source.name) -%}
{%- endfor %}

with

deliveries as (

    {{ segmentloom.source_landed() }}
    {%- for source in var('segmentloom_sources', []) %}

    union all

    {{ segmentloom.source_events(source) }}
    {%- endfor %}

),

trimmed as (

    select
        event_id,
        source_id,
        event,
        occurred_at,
        received_at,
        loaded_at,
        properties,
        traits,
        context,
        load_id,
        line_number,
        content,
        coalesce(lower(type), case when event is not null then 'track' end) as type,
        {{ segmentloom.trim_blanks('anonymous_id') }} as anonymous_id,
        {{ segmentloom.trim_blanks('user_id') }} as user_id,
        {{ segmentloom.trim_blanks('previous_id') }} as previous_id,
        case when email like '%@%' then lower({{ segmentloom.trim_blanks('email') }}) end as email

    from deliveries

),

final as (

    select
        event_id,
        source_id,
        type,
        case
            when type = 'track' then event
            when type = 'page' then 'Page Viewed'
            when type = 'screen' then 'Screen Viewed'
        end as event,
        occurred_at,
        received_at,
        loaded_at,
        anonymous_id,
        user_id,
        previous_id,
        email,
        properties,
        traits,
        context,
        load_id,
        line_number,
        content,
        case
            when type is null or type not in ('track', 'identify', 'page', 'screen', 'group', 'alias')
                then 'unknown type'
            when type = 'track' and event is null then 'track without event'
            when occurred_at is null then 'unreadable timestamp'
            when coalesce(user_id, anonymous_id, email, case when type = 'alias' then previous_id end) is null
                then 'no identifier'
        end as reason

    from trimmed

)

select * from final
