{# The usable identifiers that each event shows, and whether the event belongs to them. #}
{% macro shown_identifiers(identified) -%}
    {% for type in segmentloom.identifier_types() -%}
    {{ 'union all ' if not loop.first }}select
        '{{ type }}' as identifier_type,
        usable_{{ type }} as identifier_value,
        occurred_at,
        case when owner_type = '{{ type }}' then 1 else 0 end as is_owned,
        has_gpc,
        is_new

    from {{ identified }}

    where usable_{{ type }} is not null

    {% endfor %}
{%- endmacro %}
