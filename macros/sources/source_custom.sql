{#-
    Deliveries from any table or view that has one row per event.

    Keys of `source`, beside name and kind:
    relation   see `source_relation`
    columns    maps columns of an event to columns of the relation, or to SQL over them. properties, traits and context
               take a column of JSON or of JSON text, or a mapping from keys to columns (a null leaves its key out)
    constants  maps columns of an event to fixed values

    occurred_at, an identifier, and a type or an event are required; with no type a row is a track. Without an
    event_id, or where it is null, one is derived from the content: rows that are equal in all mapped columns are
    one event. Of rows with one event_id the first counts, by loaded_at, then by content.
-#}
{% macro source_custom(source, step=none) -%}
    {%- do segmentloom.check_custom_source(source) -%}
    {%- set names = segmentloom.part_columns() -%}
    {%- set part = {'rows': segmentloom.source_relation(source), 'texts': {}, 'times': {}, 'objects': {}} -%}
    {%- for name in names.texts -%}
        {%- do part.texts.update({name: segmentloom.source_value(source, name)}) -%}
    {%- endfor -%}
    {%- for name in names.times -%}
        {%- do part.times.update({name: segmentloom.utc_timestamp(segmentloom.source_value(source, name))}) -%}
    {%- endfor -%}
    {%- for name in names.objects -%}
        {%- do part.objects.update({name: segmentloom.source_object(source, name)}) -%}
    {%- endfor -%}
    {{ return([part]) }}
{%- endmacro %}
