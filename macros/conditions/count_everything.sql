{#-
    Counts everything, statement by statement. Until all is accounted for the counts have no generation: a kill means to
    begin again. Should another build begin meanwhile, the table is its own: this one adds no more to it, and fails.
-#}
{% macro count_everything(step, plan, target_relation) -%}
    {%- set is_mine = segmentloom.is_at(model.name, '', 0, rules=invocation_id) -%}
    {%- do segmentloom.run_together(segmentloom.progress_statements(model.name, '', 0, invocation_id)) -%}
    {%- do segmentloom.replace_table(target_relation, segmentloom.count_columns(plan.width), segmentloom.cluster_column('event')) -%}
    {%- for part in segmentloom.parts_to_count(plan.counted.keys() | list, plan, step) -%}
        {%- do run_query(
            'insert into ' ~ target_relation ~ ' ' ~ segmentloom.counts_of_part(part, plan, step, plan.width)
            ~ ' and exists (select 1 from ' ~ segmentloom.latest_progress() ~ ' where ' ~ is_mine ~ ')'
        ) -%}
    {%- endfor -%}
    {%- do segmentloom.run_together(
        [
            'delete from ' ~ segmentloom.state_relation('counted_events') ~ ' where true',
            segmentloom.expect_progress(model.name, '', 0, rules=invocation_id),
            'delete from ' ~ ref('int_segmentloom__count_changes') ~ ' where true',
        ]
        + segmentloom.count_progress(step)
    ) -%}
{%- endmacro %}

{# The statements that say what the counts are of now and how far they have come. #}
{% macro count_progress(step) -%}
    {%- set statements = [] -%}
    {%- for event in step.stale -%}
        {%- do statements.append(
            'insert into ' ~ segmentloom.state_relation('counted_events') ~ ' (event, counters) values ('
            ~ segmentloom.literal(event) ~ ", '" ~ step.counters[event] ~ "')"
        ) -%}
    {%- endfor -%}
    {{ return(
        statements
        + segmentloom.progress_statements(model.name, step.generation, step.to_batch, step.rules, step.as_of)
        + segmentloom.progress_statements('int_segmentloom__count_changes', step.change_generation, step.change)
    ) }}
{%- endmacro %}

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

{# The counts of one such part. #}
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

{# Whether a row of counts says anything. #}
{% macro any_count(width) -%}
    {% for number in range(1, width + 1) %}{{ 'or ' if not loop.first }}n_{{ number }} <> 0 {% endfor %}
{%- endmacro %}

{# A select without rows that has the columns of counts. #}
{% macro count_columns(width) -%}
    select
        cast(null as {{ dbt.type_string() }}) as event,
        cast(null as {{ segmentloom.type_identifier_key() }}) as owner_key
        {%- for number in range(1, width + 1) %},
        cast(null as {{ segmentloom.type_count() }}) as n_{{ number }}
        {%- endfor %}
    limit 0
{%- endmacro %}
