{# The text of a JSON object from `values`, which maps keys to SQL of JSON text; a null leaves its key out. #}
{% macro json_object_text(values) -%}
    '{' || substr(
        {%- for key, value in values | dictsort(case_sensitive=true) %}
        {% if not loop.first %}|| {% endif %}coalesce({{ segmentloom.literal(',' ~ tojson(key) ~ ':') }} || {{ value }}, '')
        {%- else %}''
        {%- endfor %}, 2
    ) || '}'
{%- endmacro %}
