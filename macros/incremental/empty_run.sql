{# Whether the run has `--empty`: it tries whether all would work, and must not take away or pass over what is there. #}
{% macro is_empty_run() -%}
    {{ return(flags.EMPTY | default(false)) }}
{%- endmacro %}

{#-
    What such a run does to the running model: makes its table, without rows, where nothing was ever built, and leaves any other
    as it is. No progress is recorded, so that the next run builds all.

    sql                    a query with the columns of the table
    cluster_by, month_of   as `replace_table` has them
-#}
{% macro build_empty(relation, sql, cluster_by=none, month_of=none) -%}
    {%- if load_relation(this) and segmentloom.progress(model.name) -%}
        {%- do store_raw_result('main', message='left as it is', code='SKIP', rows_affected='0', agate_table=none) -%}
    {%- else -%}
        {%- do segmentloom.replace_table(relation, sql, cluster_by, month_of) -%}
    {%- endif -%}
{%- endmacro %}
