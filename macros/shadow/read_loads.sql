{#-
    The complete loads that count: all, and in a shadow those that the live events have read, so that the two differ in
    nothing that was landed since.
-#}
{% macro read_loads() -%}
    {%- if segmentloom.is_shadow() -%}
        {{ return(api.Relation.create(
            database=target.database,
            schema=segmentloom.live_schema(),
            identifier='int_segmentloom__loads',
        )) }}
    {%- endif -%}
    {{ return(source('segmentloom_raw', 'loads')) }}
{%- endmacro %}
