{#-
    How often each owner of some rows of one event did each thing that is counted of it, as a query for `counts_together`:
    the columns that other events have more are 0.

    rows      a relation of events: event, owner_key, occurred_at, properties, batch; or, without `at`, of events that move
    windows   the `numbered_windows` that things are counted in
    at        the time that windows end at. Without one it is the change since another time: `events_that_move` has worked out
              whether a row is in each window and was in it
    extra     a further condition on rows
-#}
{% macro counts_of_event(event, counters, width, rows, windows, at=none, extra=none) -%}
    {#- Keyed by their text: to Python 1 and true are equal. -#}
    {%- set filters, passes = {}, {} -%}
    {%- for counter in counters if counter.leaf.get('where') -%}
        {%- set text = tojson(counter.leaf['where'], sort_keys=true) -%}
        {%- do filters.setdefault(text, counter.leaf['where']) -%}
        {%- do passes.update({counter.key: 'passes_' ~ ((filters.keys() | list).index(text) + 1)}) -%}
    {%- endfor -%}
    select
        {{ segmentloom.literal(event) }} as event,
        owner_key
        {%- for counter in counters %},
        {{ segmentloom.counted_since(
            passes.get(counter.key), windows[segmentloom.window_name(counter.leaf)].number, at is none
        ) }} as {{ counter.column }}
        {%- endfor %}
        {{- ', 0' * (width - counters | length) }}

    from (
        select
            *
            {%- for window in windows.values() if at %},
            {{ segmentloom.in_window(window.leaf, at) | trim }} as in_{{ window.number }}
            {%- endfor %}
            {%- for filter in filters.values() %},
            {% for test in filter %}{{ 'and ' if not loop.first -}}
                {{ segmentloom.compare('properties', test['property'], test) | trim }} {% endfor %} as passes_{{ loop.index }}
            {%- endfor %}

        from {{ rows }} as counted_events

        where
            event = {{ segmentloom.literal(event) }}
            {%- if extra %}
            and {{ extra }}
            {%- endif %}
            {%- if at %}
            and owner_key is not null
            and {{ segmentloom.in_any_window(windows.values() | map(attribute='leaf') | list, at) }}
            {%- endif %}
    ) as looked_at

    group by owner_key
{%- endmacro %}

{# The same of the events that the warehouse has up to the batch that a step counts. #}
{% macro counts_of_all(event, counters, width, step, extra=none) -%}
    {{ segmentloom.counts_of_event(
        event, counters, width, ref('segmentloom__events'), segmentloom.numbered_windows(counters | map(attribute='leaf')),
        step.as_of, 'batch <= ' ~ step.to_batch ~ (' and ' ~ extra if extra else ''),
    ) }}
{%- endmacro %}

{# One count, or its change: of the rows that pass a filter, if there is one, and lie in a window. #}
{% macro counted_since(filter, window, is_change) -%}
    {%- set passes = filter ~ ' and ' if filter else '' -%}
    count(case when {{ passes }}in_{{ window }} then 1 end)
    {%- if is_change %} - count(case when {{ passes }}was_in_{{ window }} then 1 end){% endif %}
{%- endmacro %}

{# The type of a count. #}
{% macro type_count() -%}
    {{ return(dbt.type_int()) }}
{%- endmacro %}
