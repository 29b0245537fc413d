{# Whether a bit of a whole number that is not negative is set, of bits 0 to 61. #}
{% macro bit_is_set(number, bit) -%}
    {{ return(adapter.dispatch('bit_is_set', 'segmentloom')(number, bit)) }}
{%- endmacro %}

{% macro default__bit_is_set(number, bit) -%}
    ({{ number }} & {{ 2 ** bit }}) <> 0
{%- endmacro %}

{# In few characters: it limits how long views may be, and they hold thousands of these. #}
{% macro bigquery__bit_is_set(number, bit) -%}
    {{ number }}>>{{ bit }}&1=1
{%- endmacro %}

{% macro snowflake__bit_is_set(number, bit) -%}
    bitand({{ number }}, {{ 2 ** bit }}) <> 0
{%- endmacro %}
