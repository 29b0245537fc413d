{#- One row per pair of identifiers that events show together or an alias links, with the earliest event that does. -#}

{{ segmentloom.all_links(ref('int_segmentloom__event_links'), ref('int_segmentloom__alias_links')) }}
