{#- One row per link and rule that refuses it. Each rule looks at all links, whatever the others refuse. -#}
{{ config(materialized='table') }}

with

links as (

    select * from {{ ref('int_segmentloom__links') }}

),

{#- Both rules that count user_ids, by the type whose links they refuse. -#}
{% set limits = {
    'shared_email': ('email', var('segmentloom_max_users_per_email')),
    'kiosk': ('anonymous_id', var('segmentloom_max_users_per_device')),
} %}
{%- for rule, (type, limit) in limits.items() %}

{{ rule }}_identifiers as (

    select
        other_value as identifier_value,
        count(*) as link_count

    from links

    where
        identifier_type = 'user_id'
        and other_type = '{{ type }}'

    group by other_value

    having count(*) > {{ limit }}

),
{%- endfor %}

ranked as (

    select
        links.*,
        row_number() over (
            partition by other_value, identifier_type
            order by first_seen_at, source_id, event_id
        ) as place,
        count(*) over (partition by other_value, identifier_type) as link_count

    from links

    where other_type = 'anonymous_id'

),

final as (

    {#- An e-mail is the first end of its links to devices, and the second of those to user_ids. -#}
    {% for rule, type, end, far in [
        ('shared_email', 'email', 'identifier', 'other'),
        ('shared_email', 'email', 'other', 'identifier'),
        ('kiosk', 'anonymous_id', 'other', 'identifier'),
    ] -%}
    select
        links.identifier_key,
        links.other_key,
        '{{ rule }}' as rule,
        links.{{ end }}_type as identifier_type,
        links.{{ end }}_value as identifier_value,
        links.{{ far }}_type as other_type,
        links.{{ far }}_value as other_value,
        refusing.link_count,
        {{ limits[rule][1] }} as link_limit,
        links.first_seen_at

    from links
    inner join {{ rule }}_identifiers as refusing on refusing.identifier_value = links.{{ end }}_value

    where links.{{ end }}_type = '{{ type }}'

    union all

    {% endfor -%}
    select
        identifier_key,
        other_key,
        'later_link' as rule,
        other_type as identifier_type,
        other_value as identifier_value,
        identifier_type as other_type,
        identifier_value as other_value,
        link_count,
        1 as link_limit,
        first_seen_at

    from ranked

    where place > 1

)

select * from final
