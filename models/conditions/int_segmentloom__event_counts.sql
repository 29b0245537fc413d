{#- One row per event and owner, with how often it did each thing that audiences count of that event. -#}
-- depends_on: {{ ref('segmentloom__events') }}
-- depends_on: {{ ref('int_segmentloom__count_changes') }}
{{ config(materialized='event_counts', meta={'feed': 'segmentloom__events'}) }}

select 1 as counted
