{#-
    The rows of several queries of counts as a list of queries that none is too long for any engine: BigQuery takes a
    megabyte. The queries say only of the columns of their own event what they are; names, types and width are those of a
    select without rows that each of the longer queries begins with.

    zeros    whether rows that say nothing are kept
    more     a further condition on rows
-#}
{% macro counts_together(queries, width, zeros=false, more=none) -%}
    {%- set together = [] -%}
    {%- for few in segmentloom.short_batches(queries) -%}
        {%- set sql -%}
    select
        event,
        owner_key
        {%- for number in range(1, width + 1) %},
        cast(n_{{ number }} as {{ segmentloom.type_count() }}) as n_{{ number }}
        {%- endfor %}

    from (
    select * from ({{ segmentloom.count_columns(width) }}) as no_counts
    {%- for query in few %}
    union all {{ query }}
    {%- endfor %}
    ) as counts

    where {{ '1 = 1' if zeros else '(' ~ segmentloom.any_count(width) ~ ')' }}{{ ' and ' ~ more if more }}
        {%- endset -%}
        {%- do together.append(sql) -%}
    {%- endfor -%}
    {{ return(together) }}
{%- endmacro %}

{# Makes a scratch table of such queries, which may be one. #}
{% macro make_scratch_of(scratch, name, queries) -%}
    {%- set relation = segmentloom.make_scratch(scratch, name, queries[0]) -%}
    {%- for query in queries[1:] -%}{%- do run_query('insert into ' ~ relation ~ ' ' ~ query) -%}{%- endfor -%}
    {{ return(relation) }}
{%- endmacro %}

{# Texts in their order, so many together as make no long statement. #}
{% macro short_batches(texts) -%}
    {%- set batches, size = [], namespace(open=0) -%}
    {%- for text in texts -%}
        {%- if not batches or size.open + text | length > segmentloom.longest_text() -%}
            {%- do batches.append([]) -%}
            {%- set size.open = 0 -%}
        {%- endif -%}
        {%- do batches[-1].append(text) -%}
        {%- set size.open = size.open + text | length -%}
    {%- endfor -%}
    {{ return(batches) }}
{%- endmacro %}

{# How many characters what is listed in a statement has at most: less than half of what BigQuery takes. #}
{% macro longest_text() -%}
    {{ return(500000) }}
{%- endmacro %}
