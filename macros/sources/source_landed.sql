{# The deliveries that `segmentloom-sync load` landed, in the shape that every source macro has. #}
{% macro source_landed() -%}
    select
        event_id,
        source_id,
        type,
        event,
        occurred_at,
        received_at,
        loaded_at,
        anonymous_id,
        user_id,
        previous_id,
        email,
        properties,
        traits,
        context,
        load_id,
        line_number,
        cast(null as {{ dbt.type_string() }}) as content

    from {{ source('segmentloom_raw', 'events') }}
{%- endmacro %}
