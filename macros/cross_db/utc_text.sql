{# An ISO 8601 text in UTC as 'YYYY-MM-DD HH:MM:SS' with at most six digits of a fraction. Other zones are an error: they would be read wrongly. #}
{% macro utc_text(iso_text) -%}
    {%- set text = iso_text | string -%}
    {%- set parts = modules.re.match(
        '^([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]([0-9]{2}:[0-9]{2})(:[0-9]{2}([.][0-9]{1,6})?)?)?(Z|[+]00:?00)?$', text
    ) -%}
    {%- if not parts -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: ' ~ text ~ ' is no ISO 8601 time in UTC, such as 2026-07-01T12:00:00Z'
        ) }}
    {%- endif -%}
    {%- set time = (parts.group(3) ~ (parts.group(4) or ':00')) if parts.group(2) else '00:00:00' -%}
    {{ return(parts.group(1) ~ ' ' ~ time) }}
{%- endmacro %}
