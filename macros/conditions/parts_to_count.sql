{#-
    Events to count in one statement each, so that no statement has to keep more owners than memory holds: lists of
    {event, bucket, buckets}. An event with more rows than that is counted in parts, by owner.
-#}
{% macro parts_to_count(events, plan, step) -%}
    {%- set most = 20000000 -%}
    {%- set parts, rows = [], namespace(open=most) -%}
    {%- if events -%}
        {%- set sizes = run_query(
            'select event, count(*) from ' ~ ref('segmentloom__events') ~ ' where event in ('
            ~ segmentloom.text_list(events) ~ ') and batch <= ' ~ step.to_batch ~ ' group by event order by event'
        ).rows -%}
        {%- for event, size in sizes -%}
            {%- set buckets = (size | int) // most + 1 -%}
            {%- for bucket in range(buckets) -%}
                {%- if rows.open + (size | int) // buckets > most -%}
                    {%- do parts.append([]) -%}
                    {%- set rows.open = 0 -%}
                {%- endif -%}
                {%- set rows.open = rows.open + (size | int) // buckets -%}
                {%- do parts[-1].append({'event': event, 'bucket': bucket, 'buckets': buckets}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(parts) }}
{%- endmacro %}
