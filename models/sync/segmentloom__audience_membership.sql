{#- One row per audience and member now, of the last evaluation of each that passed its tests. -#}
{{ config(alias='audience_membership', materialized='view') }}

{{ segmentloom.published_membership() }}
