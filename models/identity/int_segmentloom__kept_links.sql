{#- One row per link that no rule refuses. -#}

select
    links.identifier_key,
    links.other_key

from {{ ref('int_segmentloom__links') }} as links
left join (
    select distinct identifier_key, other_key from {{ ref('int_segmentloom__refused_links') }}
) as refused
    on
        refused.identifier_key = links.identifier_key
        and refused.other_key = links.other_key

where refused.identifier_key is null
