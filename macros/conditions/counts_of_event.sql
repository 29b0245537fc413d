{#-
    How often each owner of some rows of one event did each thing that is counted of it, by windows that end at `now`.
    With `before`, a former such time and the last batch that was counted then, the change since: rows that were there
    count as they do now minus as they did then, newer ones as they do now.

    rows      a relation of events: event, owner_key, occurred_at, properties, batch
    extra     a further condition on rows
-#}
{% macro counts_of_event(event, counters, width, rows, now, before=none, extra=none) -%}
    {#- Keyed by their text: to Python 1 and true are equal. -#}
    {%- set filters, passes = {}, {} -%}
    {%- for counter in counters if counter.leaf.get('where') -%}
        {%- set text = tojson(counter.leaf['where'], sort_keys=true) -%}
        {%- do filters.setdefault(text, counter.leaf['where']) -%}
        {%- do passes.update({counter.key: 'passes_' ~ ((filters.keys() | list).index(text) + 1)}) -%}
    {%- endfor -%}
    {%- set windows = segmentloom.distinct_windows(counters | map(attribute='leaf')) -%}
    select
        {{ segmentloom.literal(event) }} as event,
        owner_key
        {%- for counter in counters %},
        {{ segmentloom.counted_since(passes.get(counter.key), (windows.keys() | list).index(segmentloom.window_name(counter.leaf)) + 1, before) }} as {{ counter.column }}
        {%- endfor %}
        {%- for number in range(counters | length + 1, width + 1) %},
        cast(0 as {{ segmentloom.type_count() }}) as n_{{ number }}
        {%- endfor %}

    from (
        select
            owner_key
            {%- for leaf in windows.values() %},
            {{ segmentloom.in_window(leaf, now) | trim }} as in_{{ loop.index }}
            {%- if before %},
            batch <= {{ before.batch }} and {{ segmentloom.in_window(leaf, before.as_of) | trim }} as was_in_{{ loop.index }}
            {%- endif %}
            {%- endfor %}
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
            and {{ segmentloom.in_any_window(windows.values() | list, now) }}
            {%- endif %}
    ) as looked_at

    group by owner_key
{%- endmacro %}

{# One count, or its change: of the rows that pass a filter, if there is one, and lie in a window. #}
{% macro counted_since(filter, window, before) -%}
    {%- set passes = filter ~ ' and ' if filter else '' -%}
    cast(count(case when {{ passes }}in_{{ window }} then 1 end)
    {%- if before %} - count(case when {{ passes }}was_in_{{ window }} then 1 end){% endif %} as {{ segmentloom.type_count() }})
{%- endmacro %}

{# The type of a count. #}
{% macro type_count() -%}
    {{ return(dbt.type_int()) }}
{%- endmacro %}
