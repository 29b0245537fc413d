{#-
    The events that decide conditions which no count answers, as event conditions (event, where, a window), each once: only
    when one of them comes into its window or leaves it, or comes or goes altogether, the answer can be another.

    The first event ever, or the last, decides wherever it lies and whatever it says.
-#}
{% macro deciding_events(plan) -%}
    {%- set found = {} -%}
    {%- for column in plan.direct -%}
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

{# The owners of such events that moved, out of those that may have. #}
{% macro deciding_owners(step, deciding, events) -%}
    select distinct owner_key

    from (select *, batch <= {{ step.known.batch }} as was_there from {{ events }} as events) as moved

    where
        {%- for one in deciding %}
        {{ 'or ' if not loop.first }}(
            {{ segmentloom.matching_event(one) | trim }}
            and ({{ segmentloom.in_window(one, step.as_of) | trim }})
                <> (was_there and {{ segmentloom.in_window(one, step.known.as_of) | trim }})
        )
        {%- endfor %}
{%- endmacro %}
