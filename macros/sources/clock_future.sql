{#-
    Whether an event would have happened more than five minutes after it was received (loaded, where nobody says when it
    was received): its clock was wrong. Of the columns occurred_at, received_at and loaded_at.
-#}
{% macro is_of_future() -%}
    {{ segmentloom.epoch_microseconds('occurred_at') }} > {{ segmentloom.epoch_microseconds('coalesce(received_at, loaded_at)') }} + 300000000
{%- endmacro %}

{# The JSON text of the column context, with `clock_future` where the clock was wrong: `load` does the same in Python. #}
{% macro context_of_future() -%}
    {%- set rest = 'substr(' ~ segmentloom.trim_blanks('context') ~ ', 2)' -%}
    {%- set given = segmentloom.json_to_text(segmentloom.json_member(segmentloom.json_from_text('context'), 'clock_future')) -%}
    case
        when {{ segmentloom.is_of_future() }} and {{ given }} is null
            then '{"clock_future":true' || case when {{ segmentloom.trim_blanks(rest) }} = '}' then '' else ',' end || {{ rest }}
        else context
    end
{%- endmacro %}
