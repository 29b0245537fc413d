{#-
    A select of what events say of the person who owns them, of those that say anything: `columns` and traits (a JSON
    object, of identify events only: group traits are the group's), context_traits (likewise, of any), phone (E.164 where that can be
    made, else as it was sent), stated_phone (as it was sent), and per consent 'granted' or 'denied'. JSON is read here, once for each event.
-#}
{% macro event_statements(events, columns) -%}
    select
        {{ columns | join(', ') }},
        case when type = 'identify' then traits end as traits,
        context_traits,
        coalesce(phone, {{ segmentloom.e164_phone('stated_phone') }}, stated_phone) as phone,
        stated_phone,
        {%- for name in segmentloom.consents() %}
        case lower({{ segmentloom.json_raw_text('consent', [name]) }})
            when 'granted' then 'granted'
            when 'true' then 'granted'
            when 'denied' then 'denied'
            when 'false' then 'denied'
        end as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}

    from (
        select
            *,
            {{ segmentloom.stated_phone('type', 'traits', 'context_traits') }} as stated_phone

        from (
            select
                {{ columns | join(', ') }},
                type,
                phone,
                traits,
                {{ segmentloom.json_member('context', 'traits') }} as context_traits,
                {{ segmentloom.json_member('context', 'consent') }} as consent

            from {{ events }}
        ) as events

        where
            type = 'identify'
            or context_traits is not null
            or consent is not null
            or {{ segmentloom.json_raw_text('traits', ['phone']) }} is not null
    ) as stated
{%- endmacro %}

{# The phone number that an event states, as it was sent: that of its traits, which are no person's on a group event, else of context.traits. #}
{% macro stated_phone(type, traits, context_traits) -%}
    coalesce(
        case when lower(coalesce({{ type }}, '')) <> 'group' then {{ segmentloom.phone_text(traits) }} end,
        {{ segmentloom.phone_text(context_traits) }}
    )
{%- endmacro %}

{# The phone number among traits: a text, or a number that someone forgot to quote. #}
{% macro phone_text(traits) -%}
    case
        when {{ segmentloom.json_kind(traits, ['phone']) }} in ('string', 'number')
            then {{ segmentloom.trim_blanks(segmentloom.json_text(traits, ['phone'])) }}
    end
{%- endmacro %}

{# What consent is asked for, by the names that `context.consent` has. #}
{% macro consents() -%}
    {{ return(['ad_user_data', 'ad_personalization']) }}
{%- endmacro %}
