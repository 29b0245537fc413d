{#-
    One row per event and thing that it says of the person: each entry of its traits, each consent, its phone unless
    that is blocked. `on_event` names the columns of the event that json_entries hands on.
-#}
{% macro stated_attributes(statements, on_event) -%}
    {% for column in ['traits', 'context_traits'] -%}
    select
        owner_key,
        'trait' as attribute_kind,
        entry_key as attribute_name,
        entry_value as attribute_value,
        occurred_at,
        source_id,
        event_id,
        {{ loop.index }} as rank_on_event,
        batch

    from ({{ segmentloom.json_entries(statements, column, on_event) }}) as {{ column }}_entries

    union all

    {% endfor -%}
    {% for name in segmentloom.consents() -%}
    select
        owner_key,
        'consent' as attribute_kind,
        '{{ name }}' as attribute_name,
        {{ name }} as attribute_value,
        occurred_at,
        source_id,
        event_id,
        1 as rank_on_event,
        batch

    from {{ statements }} as statements

    where {{ name }} is not null

    union all

    {% endfor -%}
    select
        owner_key,
        'phone' as attribute_kind,
        'phone' as attribute_name,
        phone as attribute_value,
        occurred_at,
        source_id,
        event_id,
        1 as rank_on_event,
        batch

    from {{ statements }} as statements
    left join {{ ref('int_segmentloom__blocked_identifiers') }} as blocked
        on
            blocked.identifier_type = 'phone'
            and blocked.identifier_value = lower(statements.phone)
    left join {{ ref('int_segmentloom__blocked_identifiers') }} as blocked_as_stated
        on
            blocked_as_stated.identifier_type = 'phone'
            and blocked_as_stated.identifier_value = lower(statements.stated_phone)

    where
        phone is not null
        and blocked.identifier_value is null
        and blocked_as_stated.identifier_value is null
{%- endmacro %}
