{#- One row per linked identifier, with a key that all identifiers of its connected component share. -#}
{{ config(materialized='connected_components') }}

select
    identifier_key as left_node,
    other_key as right_node

from {{ ref('int_segmentloom__kept_links') }}
