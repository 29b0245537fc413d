{#-
    One row per identifier: its profile, and the link by which its part of the profile was joined to an older one. What
    follows here is what the materialization reads; it makes the queries itself, see macros/identity/stitch.sql.
-#}
{{ config(materialized='identity_map') }}

-- depends_on: {{ ref('int_segmentloom__sightings') }}
-- depends_on: {{ ref('int_segmentloom__event_links') }}
-- depends_on: {{ ref('int_segmentloom__alias_events') }}
-- depends_on: {{ ref('int_segmentloom__owner_attributes') }}
-- depends_on: {{ ref('int_segmentloom__aliases') }}
-- depends_on: {{ ref('int_segmentloom__alias_links') }}
-- depends_on: {{ ref('int_segmentloom__suppressed_links') }}
-- depends_on: {{ ref('int_segmentloom__refused_links') }}
-- depends_on: {{ ref('int_segmentloom__profile_changes') }}
-- depends_on: {{ ref('segmentloom__profile_merges') }}
-- depends_on: {{ ref('segmentloom__identity_overrides') }}

{{ segmentloom.identity_table_columns('identity_map') }}
