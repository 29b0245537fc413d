{#-
    A select of the deliveries of one entry of the var `segmentloom_sources`, in the shape of `source_landed`.

    `name` becomes the source_id; `kind` chooses the macro `source_<kind>` that reads the rest of the entry. With a
    `step` of the incremental events, those that may be new to it only: a source that maps loaded_at is read from its
    watermark on.
-#}
{% macro source_events(source, step=none) -%}
    {%- if source is not mapping or not source.get('name') -%}
        {{ exceptions.raise_compiler_error("segmentloom_sources: every source needs a 'name'; add one, it becomes the source_id of the events") }}
    {%- endif -%}
    {%- if source.get('kind') == 'custom' -%}
        {{ segmentloom.source_custom(source, step.since.get(source.name) if step else none) }}
    {%- else -%}
        {%- set given = "is '" ~ source.kind ~ "'" if source.get('kind') else 'is missing' -%}
        {{ segmentloom.source_problem(source, 'kind', given ~ "; use 'custom'") }}
    {%- endif -%}
{%- endmacro %}
