{#-
    Sources that rewrite their last dates: what is known of these dates and no longer delivered, or delivered otherwise,
    does not count any more. The date of an event is what its load_id begins with.
-#}
{% macro replaced_dates(step) -%}
    {%- set dates = {} -%}
    {%- for source in var('segmentloom_sources', []) if source.kind == 'ga4' and source.name in step.since -%}
        {%- do dates.update({source.name: segmentloom.first_shard(source, step)}) -%}
    {%- endfor -%}
    {{ return(dates) }}
{%- endmacro %}

{# Whether an event belongs to the dates that a step replaces. #}
{% macro is_replaced(events, step) -%}
    (
        {%- for name, date in step.replaced.items() %}
        {{ 'or ' if not loop.first }}(
            {{ events }}.source_id = {{ segmentloom.literal(name) }} and substr({{ events }}.load_id, 1, 8) >= '{{ date }}'
        )
        {%- endfor %}
    )
{%- endmacro %}

{# The keys of the events of those dates that are not delivered any more. #}
{% macro undelivered_events(target_relation, step) -%}
    select known.source_id, known.event_id

    from {{ target_relation }} as known
    left join (
        select distinct source_id, event_id

        from ({{ segmentloom.deliveries(step, step.replaced.keys() | list) }}) as deliveries

        where reason is null
    ) as delivered
        on
            delivered.source_id = known.source_id
            and delivered.event_id = known.event_id

    where delivered.event_id is null and {{ segmentloom.is_replaced('known', step) }}
{%- endmacro %}
