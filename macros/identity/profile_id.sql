{# The id of the profile whose oldest identifier this is. #}
{% macro profile_id(type, value) -%}
    {{ return('substr(' ~ segmentloom.sha256_hex(type ~ " || ':' || " ~ value) ~ ', 1, 32)') }}
{%- endmacro %}
