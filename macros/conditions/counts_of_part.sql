{# The queries of the counts of one part of `parts_to_count`. #}
{% macro counts_of_part(part, plan, step, width, more=none) -%}
    {%- set queries = [] -%}
    {%- for one in part -%}
        {%- set bucket = segmentloom.key_bucket('owner_key', one.buckets) ~ ' = ' ~ one.bucket if one.buckets > 1 else none -%}
        {%- do queries.append(segmentloom.counts_of_all(one.event, plan.counted[one.event], width, step, bucket)) -%}
    {%- endfor -%}
    {{ return(segmentloom.counts_together(queries, width, more=more)) }}
{%- endmacro %}
