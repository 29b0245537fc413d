{# The pairs of usable identifiers that each event shows together, the stronger type first. #}
{% macro shown_pairs(identified) -%}
    {% for type, other in segmentloom.link_types() -%}
    {{ 'union all ' if not loop.first }}select
        '{{ type }}' as identifier_type,
        usable_{{ type }} as identifier_value,
        '{{ other }}' as other_type,
        usable_{{ other }} as other_value,
        occurred_at,
        source_id,
        event_id,
        is_new

    from {{ identified }}

    where
        usable_{{ type }} is not null
        and usable_{{ other }} is not null

    {% endfor %}
{%- endmacro %}
