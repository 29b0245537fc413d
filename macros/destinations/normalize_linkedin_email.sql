{# LinkedIn: lower case without any white space, inside it too; dots and tags stay. #}
{% macro normalize_linkedin_email(expression) -%}
    {%- set clean = segmentloom.without_blanks('lower(' ~ expression ~ ')') -%}
    case when {{ segmentloom.matches_fully(clean, segmentloom.email_pattern()) }} then {{ clean }} end
{%- endmacro %}
