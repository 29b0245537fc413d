{# An ISO 8601 text in UTC as a timestamp constant, so that engines can prune by it. #}
{% macro timestamp_literal(iso_text) -%}
    {{ return(adapter.dispatch('timestamp_literal', 'segmentloom')(segmentloom.utc_text(iso_text))) }}
{%- endmacro %}

{% macro default__timestamp_literal(text) -%}
    cast({{ segmentloom.literal(text) }} as {{ segmentloom.type_timestamp() }})
{%- endmacro %}

{# Without a zone BigQuery would take the project's default one. #}
{% macro bigquery__timestamp_literal(text) -%}
    cast({{ segmentloom.literal(text ~ '+00') }} as {{ segmentloom.type_timestamp() }})
{%- endmacro %}
