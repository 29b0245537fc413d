{# Texts of our own making as the list of an `in`; of none, one that matches nothing. #}
{% macro text_list(texts) -%}
    {%- set literals = [] -%}
    {%- for text in texts -%}{%- do literals.append(segmentloom.literal(text)) -%}{%- endfor -%}
    {{ return((literals or ['null']) | join(', ')) }}
{%- endmacro %}
