{#-
    What Amplitude took for one person: each row of its merged users says that amplitude_id became merged_amplitude_id.

    Events keep the amplitude_id that they had, and it is no identifier of ours. So each user or, where none was known, device
    of the one becomes an alias of the user of the other. One that has no user may have been merged in its turn: it is followed
    through up to three such. Where that leads to no user there is nothing to say. The table is read whole in each build: a row
    that is new may be about old events.
-#}
{% macro amplitude_merges(source, step, table) -%}
    {%- set merges = segmentloom.source_table(source, step, 'amplitude_id merged_amplitude_id merge_event_time merge_server_time', 'merged_ids') -%}
    {%- set from_id, to_id = segmentloom.text_of(merges, ['amplitude_id']), segmentloom.text_of(merges, ['merged_amplitude_id']) -%}
    {%- if not from_id or not to_id -%}
        {{ segmentloom.source_problem(source, 'merged_ids', 'lacks the columns amplitude_id and merged_amplitude_id; name the export of merged users') }}
    {%- endif -%}
    {%- set seen_as = segmentloom.text_of(table, ['amplitude_id']) -%}
    {%- set user_id = segmentloom.text_of(table, ['user_id']) -%}
    {%- if not seen_as or not user_id -%}
        {{ segmentloom.source_problem(source, 'merged_ids', 'is of no use without the columns amplitude_id and user_id of the events; leave it out') }}
    {%- endif -%}
    {%- set no_time = 'cast(null as ' ~ segmentloom.type_timestamp() ~ ')' -%}
    {%- set merged_at = segmentloom.time_of(merges, ['merge_event_time', 'merge_server_time']) or no_time -%}
    {%- set told_at = segmentloom.time_of(merges, ['merge_server_time', 'merge_event_time']) or no_time -%}
    {%- set merged -%}
        select {{ from_id }} as from_id, {{ to_id }} as to_id, {{ merged_at }} as merged_at, {{ told_at }} as told_at
        from {{ merges.rows }}
    {%- endset -%}
    {%- set known -%}
        select distinct {{ seen_as }} as known_as, {{ user_id }} as person_id from {{ table.rows }} where {{ user_id }} is not null
    {%- endset -%}
    {%- set rows -%}
        (
            select said_id, person_id, coalesce(min(merged_at), min(first_seen_at)) as merged_at, coalesce(min(told_at), min(first_seen_at)) as told_at
            from (
                {{ segmentloom.merges_into_persons(merged, known) }}
            ) as merges
            inner join (
                select {{ seen_as }} as seen_as, {{ segmentloom.first_of([user_id, segmentloom.text_of(table, ['device_id'])] | select | list) }} as said_id,
                    min({{ segmentloom.time_of(table, ['event_time', 'client_event_time']) or no_time }}) as first_seen_at
                from {{ table.rows }}
                group by 1, 2
            ) as seen on seen_as = from_id
            where said_id <> person_id
            group by said_id, person_id
        ) as merged
    {%- endset -%}
    {{ return({
        'reads_all': true,
        'rows': rows,
        'texts': {
            'event_id': "'merge:' || said_id || ':' || person_id",
            'type': "'alias'",
            'user_id': 'person_id',
            'previous_id': 'said_id',
        },
        'times': {'occurred_at': 'merged_at', 'received_at': 'told_at'},
        'objects': {},
    }) }}
{%- endmacro %}

{#-
    A select of from_id, person_id, merged_at and told_at: whose each id became (null: nobody's), by the merge that led there.

    merged  a select of from_id, to_id, merged_at, told_at
    known   a select of known_as, person_id: the users of each id
-#}
{% macro merges_into_persons(merged, known) -%}
    {%- set hops = range(1, 5) -%}
    select
        hop_1.from_id,
        coalesce(known_1.person_id{% for hop in hops if hop > 1 %}, known_{{ hop }}.person_id{% endfor %}) as person_id,
        {%- for time in ['merged_at', 'told_at'] %}
        case
            {%- for hop in hops %}
            when known_{{ hop }}.person_id is not null then hop_{{ hop }}.{{ time }}
            {%- endfor %}
        end as {{ time }}{{ ',' if not loop.last }}
        {%- endfor %}

    from ({{ merged }}) as hop_1
    {%- for hop in hops %}
    {%- if hop > 1 %}
    left join ({{ merged }}) as hop_{{ hop }}
        on hop_{{ hop }}.from_id = hop_{{ hop - 1 }}.to_id and known_{{ hop - 1 }}.person_id is null
    {%- endif %}
    left join ({{ known }}) as known_{{ hop }} on known_{{ hop }}.known_as = hop_{{ hop }}.to_id
    {%- endfor %}
{%- endmacro %}
