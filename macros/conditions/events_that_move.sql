{#-
    The events that a window takes in or lets go between two times, and those that are new, each once: event, owner_key,
    properties, and for each window whether it has the event now (in_1, ...) and had it then (was_in_1, ...).

    A query for each range of times, for two engines' sake: DuckDB skips what lies in none of them with ranges that are joined
    by `and` alone (five times the CPU when one query asks for several by `or`), and BigQuery reads each day once either way.

    leaves    the event conditions whose windows they are
    windows   their `numbered_windows`
-#}
{% macro events_that_move(step, leaves, windows, has_new) -%}
    {%- set names, ranges = [], [[step.known.as_of, step.as_of]] -%}
    {%- for leaf in leaves -%}{%- do names.append(leaf['event']) -%}{%- endfor -%}
    {%- for window in windows.values() -%}
        {%- set start = segmentloom.window_start_text(window.leaf, step.as_of) -%}
        {%- set known_start = segmentloom.window_start_text(window.leaf, step.known.as_of) -%}
        {%- if start and [known_start, start] not in ranges -%}{%- do ranges.append([known_start, start]) -%}{%- endif -%}
    {%- endfor -%}
    {%- set names = segmentloom.text_list(names | unique(case_sensitive=true) | list) -%}
    {%- set columns = 'event, owner_key, occurred_at, properties, batch' -%}
    {%- set events = ref('segmentloom__events') ~ ' as events where event in (' ~ names ~ ') and owner_key is not null' -%}
    select
        event,
        owner_key,
        properties
        {%- for window in windows.values() %},
        {{ segmentloom.in_window(window.leaf, step.as_of) | trim }} as in_{{ window.number }},
        batch <= {{ step.known.batch }} and {{ segmentloom.in_window(window.leaf, step.known.as_of) | trim -}}
            {{ ' ' }}as was_in_{{ window.number }}
        {%- endfor %}

    from (
    {%- for range in segmentloom.merged_ranges(ranges) %}
    {{ 'union all ' if not loop.first }}select {{ columns }} from {{ events }}
        and batch <= {{ step.from_batch }}
        and event_date between cast('{{ range[0][:10] }}' as date) and cast('{{ range[1][:10] }}' as date)
        and occurred_at > {{ segmentloom.timestamp_literal(range[0]) }}
        and occurred_at <= {{ segmentloom.timestamp_literal(range[1]) }}
    {%- else %}
    select {{ columns }} from {{ events }} and 1 = 0
    {%- endfor %}
    {%- if has_new %}
    union all select {{ columns }} from {{ events }}
        and batch > {{ step.from_batch }} and batch <= {{ step.to_batch }}
        and {{ segmentloom.in_any_window(leaves, step.as_of) }}
    {%- endif %}
    ) as moving
{%- endmacro %}

{# Ranges of times as ISO texts, (from, to], without overlaps and empty ones. #}
{% macro merged_ranges(ranges) -%}
    {%- set merged = [] -%}
    {%- for range in ranges | sort if range[0] < range[1] -%}
        {%- if merged and range[0] <= merged[-1][1] -%}
            {%- do merged.append([merged[-1][0], [merged.pop()[1], range[1]] | max]) -%}
        {%- else -%}
            {%- do merged.append(range) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(merged) }}
{%- endmacro %}
