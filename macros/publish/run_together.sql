{# Runs statements all or none. #}
{% macro run_together(statements) -%}
    {%- call statement('run_together', fetch_result=false, auto_begin=false) -%}
        {{ segmentloom.transaction(statements) }}
    {%- endcall -%}
{%- endmacro %}
