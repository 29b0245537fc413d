{#-
    Snowplow's `atomic.events`, with a column for each self-describing event and each context.

    relation      the table
    anonymous_id  the column of the visitor; by default domain_userid, and of apps the user of the client session
    traits        the column of a context that says who the user is, such as contexts_com_acme_user_1: its first entity
                  becomes context.traits, so that its `email` identifies
    loaded_at     the column that says when a row was loaded; by default load_tstamp, else etl_tstamp

    Delivery is at least once: of rows with one event_id the first loaded counts, of those the first collected. A row with the id of another event (bots
    and pre-rendering do so) has another fingerprint: it is refused, and stays among the rejected events.
-#}
{% macro source_snowplow(source, step=none) -%}
    {%- do segmentloom.check_source(source, 'relation anonymous_id traits loaded_at', 'relation') -%}
    {%- set table = segmentloom.source_table(source, step,
        'event_id event event_name event_fingerprint derived_tstamp true_tstamp collector_tstamp load_tstamp etl_tstamp user_id '
        ~ 'domain_userid se_category se_action se_label se_property se_value page_url page_title page_referrer '
        ~ 'mkt_source useragent user_ipaddress app_id platform unstruct_event_vendor_name_1 contexts_vendor_name_1 '
        ~ (source.get('traits', '') ~ ' ' ~ source.get('anonymous_id', '')) | lower) -%}
    {%- for key in ['traits', 'anonymous_id'] if source.get(key) and source[key] | lower not in table.columns -%}
        {{ segmentloom.source_problem(source, key, "is '" ~ source[key] ~ "', which " ~ table.rows ~ ' does not have; name a column of it') }}
    {%- endfor -%}
    {%- set event, name = segmentloom.text_of(table, ['event']), segmentloom.text_of(table, ['event_name', 'event']) -%}
    {%- set collected_at = segmentloom.time_of(table, ['collector_tstamp']) -%}
    {%- set loaded_at = segmentloom.load_time_of(source, table, ['load_tstamp', 'etl_tstamp', 'collector_tstamp']) -%}
    {%- set action = segmentloom.text_of(table, ['se_action']) or 'null' -%}
    {{ return([{
        'rows': table.rows,
        'texts': {
            'event_id': segmentloom.text_of(table, ['event_id']),
            'type': 'case when ' ~ event ~ " = 'page_view' then 'page' when " ~ name ~ " = 'screen_view' then 'screen' else 'track' end",
            'event': 'case when ' ~ event ~ " = 'struct' then " ~ action ~ ' else ' ~ name ~ ' end',
            'anonymous_id': segmentloom.snowplow_visitor(source, table),
            'user_id': segmentloom.text_of(table, ['user_id']),
        },
        'times': {
            'occurred_at': segmentloom.time_of(table, ['true_tstamp', 'derived_tstamp', 'collector_tstamp']),
            'received_at': collected_at,
            'loaded_at': loaded_at,
        },
        'objects': {
            'properties': segmentloom.snowplow_properties(table, event),
            'context': segmentloom.snowplow_context(source, table),
        },
        'place': segmentloom.place_of(collected_at),
        'refusal': segmentloom.synthetic_duplicates(table, loaded_at, collected_at) if not step or step.is_full,
    }]) }}
{%- endmacro %}

{#-
    Which rows have the id of another event. Only of all rows together: what is read by load time cannot be compared with what came before, and
    needs not be, since the first of an id counts anyway.
-#}
{% macro synthetic_duplicates(table, loaded_at, collected_at) -%}
    {%- set id, fingerprint = segmentloom.text_of(table, ['event_id']), segmentloom.text_of(table, ['event_fingerprint']) -%}
    {%- if not fingerprint -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(
        'case when ' ~ id ~ ' is not null and ' ~ fingerprint ~ ' <> first_value(' ~ fingerprint ~ ') over (partition by ' ~ id
        ~ ' order by ' ~ loaded_at ~ ', ' ~ collected_at ~ ', ' ~ fingerprint ~ ") then 'another event with the same event_id' end"
    ) }}
{%- endmacro %}
