{# Whether a row comes before another by columns none of which is null. Engines differ in comparing tuples. #}
{% macro comes_before(one, other, columns) -%}
    (
        {%- for column in columns %}
        {{ 'or ' if not loop.first }}(
            {%- for equal in columns[:loop.index0] -%}
                {{ one }}.{{ equal }} = {{ other }}.{{ equal }} and {# -#}
            {%- endfor -%}
            {{ one }}.{{ column }} < {{ other }}.{{ column }})
        {%- endfor %}
    )
{%- endmacro %}
