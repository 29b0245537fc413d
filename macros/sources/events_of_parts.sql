{#-
    The deliveries of a source from its parts; see `source_parts`. E-mail and phone are as the source states them.

    Without an event_id, or where it is null, one is derived from the content: rows that are equal in all that they say
    are one event. An event of the future has the time at which it was received or loaded, and says `clock_future` in its
    context; what is derived from its content is not changed by that.

    since   ISO text of a time: rows with an earlier loaded_at are left out
-#}
{% macro events_of_parts(source, parts, since=none) -%}
    {%- set rows = segmentloom.stated_events(source, parts, since) -%}
    {%- if not parts[0].get('shares_ids') -%}
        {{ return(rows) }}
    {%- endif -%}
    select
        {%- for column in segmentloom.stated_columns() %}
        {{ 'min(sharing_ids.loaded_at) over (partition by event_id) as ' if column == 'loaded_at' }}{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}

    from ({{ rows }}) as sharing_ids

    where true

    qualify row_number() over (partition by event_id order by load_id, sharing_ids.loaded_at) = 1
{%- endmacro %}

{% macro stated_events(source, parts, since) -%}
    {%- set names = segmentloom.part_columns() -%}
    {%- set content = {} -%}
    {%- for name in names.texts -%}{%- do content.update({name: segmentloom.json_to_text(name)}) -%}{%- endfor -%}
    {%- for name in names.objects -%}{%- do content.update({name: name}) -%}{%- endfor -%}
    {%- do content.update({'occurred_at': segmentloom.json_to_text(segmentloom.epoch_microseconds('occurred_at'))}) -%}
    select
        coalesce(event_id, {{ segmentloom.sha256_hex('content') }}) as event_id,
        {{ segmentloom.literal(source.name) }} as source_id,
        type,
        event,
        case
            when {{ segmentloom.is_of_future() }} then coalesce(received_at, loaded_at)
            else occurred_at
        end as occurred_at,
        coalesce(received_at, loaded_at, occurred_at) as received_at,
        coalesce(loaded_at, received_at, occurred_at) as loaded_at,
        anonymous_id,
        user_id,
        previous_id,
        email,
        {{ segmentloom.stated_phone('type', 'traits', segmentloom.json_member('context', 'traits')) }} as phone,
        properties,
        traits,
        context,
        coalesce(place || ':', '') || {{ segmentloom.sha256_hex('content') }} as load_id,
        cast(0 as {{ dbt.type_bigint() }}) as line_number,
        content,
        refusal

    from (
        select
            {{ (names.texts + names.times + ['place', 'refusal']) | join(', ') }},
            {%- for name in names.objects %}
            {{ segmentloom.json_from_text(segmentloom.context_of_future() if name == 'context' else name) }} as {{ name }},
            {%- endfor %}
            {{ segmentloom.json_object_text(content) }} as content

        from (
            {%- for part in parts %}
            {{ segmentloom.rows_of_part(part) }}
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        ) as mapped
        {%- if since %}

        where loaded_at is null or loaded_at >= {{ segmentloom.timestamp_literal(since) }}
        {%- endif %}
    ) as described
{%- endmacro %}
