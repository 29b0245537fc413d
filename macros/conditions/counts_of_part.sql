{# The counts of one part of `parts_to_count`. #}
{% macro counts_of_part(part, plan, step, width) -%}
    select * from (
    {%- for one in part %}
        {{ 'union all ' if not loop.first }}{{ segmentloom.counts_of_event(
            one.event, plan.counted[one.event], width, ref('segmentloom__events'), step.as_of,
            extra='batch <= ' ~ step.to_batch
                ~ (' and ' ~ segmentloom.key_bucket('owner_key', one.buckets) ~ ' = ' ~ one.bucket if one.buckets > 1 else ''),
        ) }}
    {%- endfor %}
    ) as counts

    where ({{ segmentloom.any_count(width) }})
{%- endmacro %}
