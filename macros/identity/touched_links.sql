{#-
    The links between touched identifiers that no rule refuses and nobody unmerged, each with its ends by their age and
    its place in time among them, 1 for the earliest.
-#}
{% macro touched_links(step, scratch, event_links, refused_links) -%}
    {%- set touched = scratch.relations['touched'] -%}
with

links as (

    {{ segmentloom.all_links(
        event_links,
        scratch.relations['alias_links'],
        'true' if step.is_full else 'identifier_key in (select identifier_key from ' ~ touched ~ ')',
    ) }}

),

refused_now as (

    select identifier_key, other_key from {{ scratch.relations['refusals'] }}
    {%- if not step.is_full %}

    union all

    select identifier_key, other_key from {{ refused_links }} as refused_links

    where
        identifier_key not in (select identifier_key from {{ scratch.relations['changed'] }})
        and (
            identifier_key in (select identifier_key from {{ touched }})
            or other_key in (select identifier_key from {{ touched }})
        )
    {%- endif %}

),

dropped as (

    select * from {{ segmentloom.dropped_links('refused_now') }} as dropped_links

)

select
    least(one.age, other.age) as left_node,
    greatest(one.age, other.age) as right_node,
    row_number() over (
        order by
            links.first_seen_at,
            links.source_id,
            links.event_id,
            links.identifier_type,
            links.identifier_value,
            links.other_type,
            links.other_value
    ) as place,
    links.*

from links
inner join {{ touched }} as one on one.identifier_key = links.identifier_key
inner join {{ touched }} as other on other.identifier_key = links.other_key
left join dropped
    on
        dropped.identifier_key = links.identifier_key
        and dropped.other_key = links.other_key

where dropped.identifier_key is null
{%- endmacro %}
