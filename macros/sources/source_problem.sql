{# Stops with what is wrong with a key of a source, in words of the person who wrote it. #}
{% macro source_problem(source, key, problem) -%}
    {{ exceptions.raise_compiler_error("segmentloom_sources: source '" ~ source.name ~ "': " ~ key ~ " " ~ problem) }}
{%- endmacro %}
