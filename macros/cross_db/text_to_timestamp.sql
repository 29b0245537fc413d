{# ISO 8601 text as a UTC timestamp, or null when it is none. Without a zone it is UTC; a date alone is its midnight. #}
{% macro text_to_timestamp(expression) -%}
    case
        when {{ segmentloom.matches_fully(
            expression,
            '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?'
        ) }}
            then {{ segmentloom.cast_to_utc(segmentloom.complete_iso_text(expression)) }}
    end
{%- endmacro %}
