{#-
    The events that decide conditions which no count answers, as event conditions (event, where, a window), each once: only
    when one of them comes into its window or leaves it, or comes or goes altogether, the answer can be another.

    The first event ever, or the last, decides wherever it lies and whatever it says.
-#}
{% macro deciding_events(plan) -%}
    {%- set found = {} -%}
    {%- for column in plan.uncounted -%}
        {%- set leaf, window = plan.leaves[column], {} -%}
        {%- for key in ['within_hours', 'within_calendar_days', 'time_zone'] if key in leaf -%}
            {%- do window.update({key: leaf[key]}) -%}
        {%- endfor -%}
        {%- for step in leaf.get('sequence', [leaf]) -%}
            {%- set filters = {} if 'occurrence' in leaf else {'where': step.get('where', [])} -%}
            {%- set deciding = [dict(window, event=step['event'], **filters)] -%}
            {%- if 'occurrence' in leaf -%}{%- do deciding.append(dict(event=leaf['event'], **filters)) -%}{%- endif -%}
            {%- for one in deciding -%}{%- do found.update({tojson(one, sort_keys=true): one}) -%}{%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found.values() | list) }}
{%- endmacro %}

{# The owners of such events that moved, out of those that may have, as queries: an owner may be in several. #}
{% macro deciding_owners(deciding, windows, moving) -%}
    {%- set tests, queries = [], [] -%}
    {%- for one in deciding -%}
        {%- set number = windows[segmentloom.window_name(one)].number -%}
        {%- do tests.append(segmentloom.matching_event(one) | trim ~ ' and in_' ~ number ~ ' <> was_in_' ~ number) -%}
    {%- endfor -%}
    {%- for few in segmentloom.short_batches(tests) -%}
        {%- do queries.append(
            'select distinct owner_key from ' ~ moving ~ ' as moving where (' ~ few | join(')\n or (') ~ ')'
        ) -%}
    {%- endfor -%}
    {{ return(queries) }}
{%- endmacro %}
