{# The complete loads that the events have not read yet, in a full step all. #}
{% macro loads_to_read(step) -%}
    select load_id, source_id, loaded_at

    from {{ source('segmentloom_raw', 'loads') }} as landed
    {%- if not step.is_full %}

    where
        {%- if step.first_loaded_at %}
        loaded_at >= {{ segmentloom.timestamp_literal(step.first_loaded_at) }} and
        {%- endif %}
        not exists (
            select 1 from {{ segmentloom.state_relation('loads') }} as known where known.load_id = landed.load_id
        )
    {%- endif %}
{%- endmacro %}

{# The earliest load time of those as ISO text, or none. #}
{% macro first_loaded_at() -%}
    {%- set loads = segmentloom.loads_to_read({'is_full': false}) -%}
    {{ return(segmentloom.iso_text(run_query('select min(loaded_at) from (' ~ loads ~ ') as loads').rows[0][0])) }}
{%- endmacro %}

{# A time that the warehouse answered with, as ISO text in UTC; none stays none. #}
{% macro iso_text(time) -%}
    {%- if time is none -%}{{ return(none) }}{%- endif -%}
    {%- set utc = time.astimezone(modules.pytz.utc) if time.tzinfo else time -%}
    {{ return(utc.strftime('%Y-%m-%dT%H:%M:%S.%fZ')) }}
{%- endmacro %}
