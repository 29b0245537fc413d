{# Fills in what ISO 8601 lets out: midnight, seconds, the zone, the colon in the zone. #}
{% macro complete_iso_text(expression) -%}
    {%- set completed = namespace(text=expression) -%}
    {%- for pattern, replacement in [
        ['^(.{10})$', '\\1T00:00:00Z'],
        ['^(.{16})(Z|[+-].*)?$', '\\1:00\\2'],
        ['^(.{19}([.][0-9]+)?)$', '\\1Z'],
        ['([+-][0-9]{2})([0-9]{2})$', '\\1:\\2'],
    ] -%}
        {%- set completed.text = 'regexp_replace(' ~ completed.text ~ ', ' ~ segmentloom.literal(pattern)
            ~ ', ' ~ segmentloom.literal(replacement) ~ ')' -%}
    {%- endfor -%}
    {{ return(completed.text) }}
{%- endmacro %}
