{#- One row: the time that the conditions are evaluated at. -#}
-- depends_on: {{ ref('int_segmentloom__conditions') }}
{{ config(materialized='view') }}

select watermark as as_of

from {{ segmentloom.latest_progress() if execute }}

where consumer = 'int_segmentloom__conditions'
