{#-
    The deliveries that `segmentloom-sync load` landed, in the shape that every source macro has. A load that is not in
    the manifest is not complete and is not read.

    With a `step` of the incremental events, those of its loads only. The load time is compared with a constant, so
    that an engine which keeps days apart reads the days since then.
-#}
{% macro source_landed(step=none) -%}
    select
        {%- for column in segmentloom.event_columns() + ['load_id', 'line_number'] %}
        {{ column }},
        {%- endfor %}
        cast(null as {{ dbt.type_string() }}) as content,
        cast(null as {{ dbt.type_string() }}) as refusal

    from {{ source('segmentloom_raw', 'events') }}

    where
    {%- if step and not step.is_full %}
        loaded_at >= {{ segmentloom.timestamp_literal(step.first_loaded_at) }}
        and load_id in (select load_id from ({{ segmentloom.loads_to_read(step) }}) as loads)
    {%- else %}
        load_id in (select load_id from {{ segmentloom.read_loads() }} as read_loads)
    {%- endif %}
{%- endmacro %}
