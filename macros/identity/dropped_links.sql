{# The ends, in both directions, of links that a rule refuses or somebody unmerged. #}
{% macro dropped_links(refused_links) -%}
    (
        select identifier_key, other_key from {{ refused_links }} as refused
        union distinct
        select other_key as identifier_key, identifier_key as other_key from {{ refused_links }} as refused
        union distinct
        select identifier_key, other_key from {{ ref('int_segmentloom__suppressed_links') }}
    )
{%- endmacro %}
