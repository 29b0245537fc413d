{#-
    The moment after which a condition's window begins, as a constant that engines can prune by, for an evaluation at `at`
    (ISO text, UTC); none when there is no window.
-#}
{% macro window_start(leaf, at) -%}
    {%- set start = segmentloom.window_start_text(leaf, at) -%}
    {{ return(segmentloom.timestamp_literal(start) if start else none) }}
{%- endmacro %}

{# The same as ISO text with six digits of a fraction: such texts are in order when the times are. #}
{% macro window_start_text(leaf, at) -%}
    {%- set hours, days = leaf.get('within_hours'), leaf.get('within_calendar_days') -%}
    {%- if hours is none and days is none -%} {{ return(none) }} {%- endif -%}
    {%- if (hours if days is none else days) is not integer -%}
        {{ exceptions.raise_compiler_error('segmentloom: a window is a whole number of hours or of calendar days') }}
    {%- endif -%}
    {%- set end = segmentloom.parsed_time(at) -%}
    {%- if days is none -%}
        {%- set start = end - modules.datetime.timedelta(hours=hours) -%}
    {%- else -%}
        {%- set midnight = segmentloom.first_midnight(end, days, segmentloom.time_zone(leaf)) -%}
        {%- set start = midnight - modules.datetime.timedelta(microseconds=1) -%}
    {%- endif -%}
    {{ return(segmentloom.time_text(start)) }}
{%- endmacro %}


{#-
    The UTC time at which the first of the last `days` calendar days began in a zone. Where clocks passed that midnight twice
    it is the earlier time; where they jumped over it, the jump.
-#}
{% macro first_midnight(end, days, zone) -%}
    {%- set place = modules.pytz.timezone(zone) -%}
    {%- set today = modules.pytz.utc.localize(end).astimezone(place) -%}
    {%- set day = today.date() - modules.datetime.timedelta(days=days - 1) -%}
    {%- set clock = modules.datetime.datetime(day.year, day.month, day.day) -%}
    {%- set readings = [
        place.localize(clock, is_dst=true).astimezone(modules.pytz.utc), place.localize(clock, is_dst=false).astimezone(modules.pytz.utc)
    ] -%}
    {%- set earlier = readings | min -%}
    {%- set is_on_the_clock = earlier.astimezone(place).replace(tzinfo=none) == clock -%}
    {{ return((earlier if is_on_the_clock else readings | max).replace(tzinfo=none)) }}
{%- endmacro %}

{# ISO text in UTC as a time without a zone, and back. #}
{% macro parsed_time(iso_text) -%}
    {%- set text = segmentloom.utc_text(iso_text) -%}
    {{ return(modules.datetime.datetime.strptime(text if '.' in text else text ~ '.0', '%Y-%m-%d %H:%M:%S.%f')) }}
{%- endmacro %}

{% macro time_text(time) -%}
    {{ return(time.strftime('%Y-%m-%dT%H:%M:%S.%f')) }}
{%- endmacro %}
