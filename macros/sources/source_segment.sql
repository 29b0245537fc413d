{#-
    Segment's warehouse tables: `tracks`, a table for each event, `identifies`, `pages`, `screens`, `groups`, `aliases`.

    schema        of these tables: "schema" or "database.schema"
    event_tables  the tables of events; by default all that have the columns of one. Views beside them are passed over:
                  on BigQuery they show the last 60 days only
    loaded_at     the column that says when a row was loaded; by default loaded_at, else uuid_ts
-#}
{% macro source_segment(source, step=none) -%}
    {{ return(segmentloom.parts_of_call_tables(source, step)) }}
{%- endmacro %}

{# RudderStack's warehouse tables, which have the same names and meaning; see `source_segment`. #}
{% macro source_rudderstack(source, step=none) -%}
    {{ return(segmentloom.parts_of_call_tables(source, step)) }}
{%- endmacro %}
