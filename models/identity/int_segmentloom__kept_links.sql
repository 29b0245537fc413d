{#- One row per link that no rule refuses and nobody unmerged: what profiles are made of. -#}

select links.*

from {{ ref('int_segmentloom__links') }} as links
left join {{ segmentloom.dropped_links(ref('int_segmentloom__refused_links')) }} as dropped
    on
        dropped.identifier_key = links.identifier_key
        and dropped.other_key = links.other_key

where dropped.identifier_key is null
