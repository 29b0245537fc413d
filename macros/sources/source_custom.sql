{#-
    Deliveries from any table or view that has one row per event.

    Keys of `source`, beside name and kind:
    relation   see `source_relation`
    columns    maps columns of an event to columns of the relation, or to SQL over them. properties, traits and context
               take a column of JSON or of JSON text, or a mapping from keys to columns (a null leaves its key out)
    constants  maps columns of an event to fixed values

    occurred_at, an identifier, and a type or an event are required; with no type a row is a track. Without an
    event_id, or where it is null, one is derived from the content: rows that are equal in all mapped columns are
    one event. Of rows with one event_id the first counts, by loaded_at, then by content.

    since      ISO text of a time: rows with an earlier loaded_at are left out
-#}
{% macro source_custom(source, since=none) -%}
    {%- do segmentloom.check_custom_source(source) -%}
    {%- set texts = ['event_id', 'type', 'event', 'anonymous_id', 'user_id', 'previous_id', 'email'] -%}
    {%- set times = ['occurred_at', 'received_at', 'loaded_at'] -%}
    {%- set objects = ['properties', 'traits', 'context'] -%}
    {%- set content = {} -%}
    {%- for name in texts -%}{%- do content.update({name: segmentloom.json_to_text(name)}) -%}{%- endfor -%}
    {%- for name in objects -%}{%- do content.update({name: name}) -%}{%- endfor -%}
    {%- do content.update({'occurred_at': segmentloom.json_to_text(segmentloom.epoch_microseconds('occurred_at'))}) -%}
    select
        coalesce(event_id, {{ segmentloom.sha256_hex('content') }}) as event_id,
        {{ segmentloom.literal(source.name) }} as source_id,
        type,
        event,
        occurred_at,
        coalesce(received_at, loaded_at, occurred_at) as received_at,
        coalesce(loaded_at, received_at, occurred_at) as loaded_at,
        anonymous_id,
        user_id,
        previous_id,
        {{ segmentloom.event_email('email', 'traits', 'context', 'properties') }} as email,
        {{ segmentloom.e164_phone('stated_phone') }} as phone,
        properties,
        traits,
        context,
        {{ segmentloom.sha256_hex('content') }} as load_id,
        cast(0 as {{ dbt.type_bigint() }}) as line_number,
        content

    from (
        select
            {{ (texts + times + objects) | join(', ') }},
            content,
            {{ segmentloom.stated_phone('type', 'traits', segmentloom.json_member('context', 'traits')) }} as stated_phone

        from (
            select
                {{ (texts + times) | join(', ') }},
                {%- for name in objects %}
                {{ segmentloom.json_from_text(name) }} as {{ name }},
                {%- endfor %}
                {{ segmentloom.json_object_text(content) }} as content

            from (
                select
                    {%- for name in texts %}
                    {{ segmentloom.trim_blanks('cast(' ~ segmentloom.source_value(source, name) ~ ' as ' ~ dbt.type_string() ~ ')') }} as {{ name }},
                    {%- endfor %}
                    {%- for name in times %}
                    {{ segmentloom.utc_timestamp(segmentloom.source_value(source, name)) }} as {{ name }},
                    {%- endfor %}
                    {%- for name in objects %}
                    {{ segmentloom.source_object(source, name) }} as {{ name }}{{ ',' if not loop.last }}
                    {%- endfor %}

                from {{ segmentloom.source_relation(source) }}
            ) as mapped
            {%- if since %}

            where loaded_at is null or loaded_at >= {{ segmentloom.timestamp_literal(since) }}
            {%- endif %}
        ) as described
    ) as stated
{%- endmacro %}
