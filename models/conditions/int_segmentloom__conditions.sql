{#- One row per profile, with a column for each condition of the audiences that says whether it holds. -#}
-- depends_on: {{ ref('segmentloom__profiles') }}
-- depends_on: {{ ref('int_segmentloom__identity_map') }}
-- depends_on: {{ ref('int_segmentloom__profile_changes') }}
-- depends_on: {{ ref('segmentloom__events') }}
-- depends_on: {{ ref('int_segmentloom__event_counts') }}
-- depends_on: {{ ref('int_segmentloom__count_changes') }}
-- depends_on: {{ ref('int_segmentloom__condition_changes') }}
{{ config(materialized='conditions', meta={'feed': 'int_segmentloom__profile_changes'}) }}

select 1 as evaluated
