{#-
    How often each owner of some rows of one event did each thing that is counted of it, by windows that end at `now`.
    With `before`, a former such time and the last batch that was counted then, the change since: rows that were there
    count as they do now minus as they did then, newer ones as they do now.

    rows      a relation of events: event, owner_key, occurred_at, properties, batch
    extra     a further condition on rows
-#}
{% macro counts_of_event(event, counters, width, rows, now, before=none, extra=none) -%}
    {#- Keyed by their text: to Python 1 and true are equal. -#}
    {%- set filters = {} -%}
    {%- for counter in counters if counter.leaf.get('where') -%}
        {%- do filters.update({tojson(counter.leaf['where'], sort_keys=true): counter.leaf['where']}) -%}
    {%- endfor -%}
    select
        {{ segmentloom.literal(event) }} as event,
        owner_key
        {%- for counter in counters %},
        {{ segmentloom.counted_since(counter, filters, now, before) }} as {{ counter.column }}
        {%- endfor %}
        {%- for number in range(counters | length + 1, width + 1) %},
        cast(0 as {{ segmentloom.type_count() }}) as n_{{ number }}
        {%- endfor %}

    from (
        select
            owner_key,
            occurred_at
            {%- if before %},
            batch <= {{ before.batch }} as was_there
            {%- endif %}
            {%- for filter in filters.values() %},
            {% for test in filter %}{{ 'and ' if not loop.first }}{{ segmentloom.compare('properties', test['property'], test) | trim }} {% endfor %} as passes_{{ loop.index }}
            {%- endfor %}

        from {{ rows }} as counted_events

        where
            event = {{ segmentloom.literal(event) }}
            and owner_key is not null
            {%- if extra %}
            and {{ extra }}
            {%- endif %}
            {%- if not before %}
            and {{ segmentloom.in_any_window(counters | map(attribute='leaf') | list, now) }}
            {%- endif %}
    ) as looked_at

    group by owner_key
{%- endmacro %}

{# One count, or its change. #}
{% macro counted_since(counter, filters, now, before) -%}
    {%- set passes = [] -%}
    {%- if counter.leaf.get('where') -%}
        {%- do passes.append('passes_' ~ ((filters.keys() | list).index(tojson(counter.leaf['where'], sort_keys=true)) + 1)) -%}
    {%- endif -%}
    {%- set is_counted = (passes + [segmentloom.in_window(counter.leaf, now)]) | join(' and ') -%}
    {%- set was_counted = (passes + ['was_there', segmentloom.in_window(counter.leaf, before.as_of)]) | join(' and ') if before -%}
    cast(count(case when {{ is_counted }} then 1 end)
    {%- if before %} - count(case when {{ was_counted }} then 1 end){% endif %} as {{ segmentloom.type_count() }})
{%- endmacro %}

{# The type of a count. #}
{% macro type_count() -%}
    {{ return(dbt.type_int()) }}
{%- endmacro %}
