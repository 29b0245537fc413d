{#-
    Links of both kinds as one: of a pair that events show and an alias links, the earlier. With a `condition` on the
    key columns at least the links of which it holds, whatever else their first ends have.
-#}
{% macro all_links(event_links, alias_links, condition='true') -%}
    {%- set columns = [
        'identifier_key', 'other_key', 'identifier_type', 'identifier_value', 'other_type', 'other_value',
    ] -%}
    select
        {%- for column in columns %}
        links.{{ column }},
        {%- endfor %}
        {%- for column in ['first_seen_at', 'source_id', 'event_id'] %}
        case when links.is_alias_earlier then links.alias_{{ column }} else links.{{ column }} end as {{ column }},
        {%- endfor %}
        case when links.is_alias_earlier then 'alias' else 'same_event' end as rule

    from (
        select
            event_links.*,
            alias_links.first_seen_at as alias_first_seen_at,
            alias_links.source_id as alias_source_id,
            alias_links.event_id as alias_event_id,
            coalesce(
                alias_links.first_seen_at < event_links.first_seen_at
                or (
                    alias_links.first_seen_at = event_links.first_seen_at
                    and (
                        alias_links.source_id < event_links.source_id
                        or (
                            alias_links.source_id = event_links.source_id
                            and alias_links.event_id < event_links.event_id
                        )
                    )
                ),
                false
            ) as is_alias_earlier

        from (
            select * from {{ event_links }} as event_links
            {%- if condition != 'true' %}
            {#- Keys first: an engine that stores columns then reads whole rows only where they count. #}
            where identifier_key in (select identifier_key from {{ event_links }} as event_keys where {{ condition }})
            {%- endif %}
        ) as event_links
        left join {{ alias_links }} as alias_links
            on
                alias_links.identifier_key = event_links.identifier_key
                and alias_links.other_key = event_links.other_key
    ) as links

    union all

    select
        {%- for column in columns %}
        alias_links.{{ column }},
        {%- endfor %}
        alias_links.first_seen_at,
        alias_links.source_id,
        alias_links.event_id,
        'alias' as rule

    from (select * from {{ alias_links }} as alias_links where {{ condition }}) as alias_links
    left join {{ event_links }} as event_links
        on
            event_links.identifier_key = alias_links.identifier_key
            and event_links.other_key = alias_links.other_key

    where event_links.identifier_key is null
{%- endmacro %}
