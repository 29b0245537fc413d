{#-
    The identifiers that events show now: all, or those whose keys the query `keys` gives. A previous_id was seen, too,
    but the event is not its own. `aliases` has the rows of int_segmentloom__aliases.
-#}
{% macro current_identifiers(aliases, keys=none) -%}
    select
        coalesce(sightings.identifier_key, named.identifier_key) as identifier_key,
        coalesce(sightings.identifier_type, named.identifier_type) as identifier_type,
        coalesce(sightings.identifier_value, named.identifier_value) as identifier_value,
        case
            when sightings.first_seen_at is null or named.first_seen_at < sightings.first_seen_at then named.first_seen_at
            else sightings.first_seen_at
        end as first_seen_at,
        case
            when sightings.last_seen_at is null or named.last_seen_at > sightings.last_seen_at then named.last_seen_at
            else sightings.last_seen_at
        end as last_seen_at,
        coalesce(sightings.event_count, 0) as event_count,
        coalesce(sightings.owned_event_count, 0) as owned_event_count,
        coalesce(sightings.gpc_event_count, 0) as gpc_event_count

    from (
        select * from {{ ref('int_segmentloom__sightings') }} as all_sightings
        {%- if keys %}
        where identifier_key in ({{ keys }})
        {%- endif %}
    ) as sightings
    full outer join (
        select
            previous_key as identifier_key,
            min(previous_type) as identifier_type,
            min(previous_value) as identifier_value,
            min(occurred_at) as first_seen_at,
            max(occurred_at) as last_seen_at

        from {{ aliases }} as aliases

        {% if keys -%}
        where previous_key in ({{ keys }})

        {% endif -%}
        group by previous_key
    ) as named
        on named.identifier_key = sightings.identifier_key
{%- endmacro %}
