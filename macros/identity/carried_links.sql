{#-
    The links of every identifier that a rule looks at, its carrier: those of devices, and those of e-mails to user_ids
    and to devices. An e-mail is the first end of its links to devices, and the second of those to user_ids.
-#}
{% macro carried_links(links) -%}
    {% for end, far, type in [('other', 'identifier', 'anonymous_id'), ('other', 'identifier', 'email'), ('identifier', 'other', 'email')] -%}
    {{ 'union all ' if not loop.first }}select
        {{ end }}_key as carrier_key,
        {{ end }}_type as carrier_type,
        {{ end }}_value as carrier_value,
        {{ far }}_key as far_key,
        {{ far }}_type as far_type,
        {{ far }}_value as far_value,
        first_seen_at,
        source_id,
        event_id

    from {{ links }}

    where {{ end }}_type = '{{ type }}'

    {% endfor %}
{%- endmacro %}
