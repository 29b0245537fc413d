{#-
    One row per link and rule that refuses it, of the identifiers that `carriers` holds, or of all. Each rule looks at
    all links of one identifier, its carrier, whatever the others refuse: a refused earliest link is not replaced by
    the next, and what a rule says follows from the carrier's links alone.
-#}
{% macro link_refusals(event_links, alias_links, carriers=none) -%}
    {%- set limits = segmentloom.identity_limits() -%}
    {%- set condition = 'true' -%}
    {%- if carriers -%}
        {%- set condition = '(identifier_key in (select identifier_key from ' ~ carriers
            ~ ') or other_key in (select identifier_key from ' ~ carriers ~ '))' -%}
    {%- endif -%}
with

links as (

    {{ segmentloom.all_links(event_links, alias_links, condition) }}

),

carried as (

    {{ segmentloom.carried_links('links') }}

),

{# The rest has one link of its kind, which nothing can refuse. -#}
crowded as (

    select
        carrier_key,
        max(user_count) as user_count

    from (
        select
            carrier_key,
            case when far_type = 'user_id' then count(*) else 0 end as user_count

        from carried

        {% if carriers -%}
        where carrier_key in (select identifier_key from {{ carriers }})

        {% endif -%}
        group by carrier_key, far_type

        having count(*) > {{ [1, limits.max_users_per_email, limits.max_users_per_device] | min }}
    ) as counts

    group by carrier_key

),

counted as (

    select
        carried.*,
        crowded.user_count,
        count(*) over (partition by carried.carrier_key, carried.far_type) as link_count,
        row_number() over (
            partition by carried.carrier_key, carried.far_type
            order by carried.first_seen_at, carried.source_id, carried.event_id
        ) as place

    from carried
    inner join crowded on crowded.carrier_key = carried.carrier_key

),

final as (

    {% for rule, condition, count, limit in [
        ('shared_email', "carrier_type = 'email' and user_count > " ~ limits.max_users_per_email, 'user_count', limits.max_users_per_email),
        ('kiosk', "carrier_type = 'anonymous_id' and user_count > " ~ limits.max_users_per_device, 'user_count', limits.max_users_per_device),
        ('later_link', "carrier_type = 'anonymous_id' and place > 1", 'link_count', 1),
    ] -%}
    {{ 'union all ' if not loop.first }}select
        carrier_key as identifier_key,
        far_key as other_key,
        '{{ rule }}' as rule,
        carrier_type as identifier_type,
        carrier_value as identifier_value,
        far_type as other_type,
        far_value as other_value,
        cast({{ count }} as {{ dbt.type_bigint() }}) as link_count,
        cast({{ limit }} as {{ dbt.type_bigint() }}) as link_limit,
        first_seen_at

    from counted

    where {{ condition }}

    {% endfor %}
)

select * from final
{%- endmacro %}
