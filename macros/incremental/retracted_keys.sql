{#-
    The keys of a fold that events which no longer count have part in: they are derived again from the events that are
    left. `of` says what the keys are: identifiers, links, owners or events.
-#}
{% macro retracted_keys(of, step) -%}
    {%- if of == 'identifiers' -%}
        {%- for type in segmentloom.identifier_types() %}
        {{ 'union distinct ' if not loop.first }}select
            '{{ type }}' as identifier_type,
            {{ type }} as identifier_value,
            {{ segmentloom.identifier_key("'" ~ type ~ ":' || " ~ type) }} as identifier_key
        from {{ segmentloom.retractions(step) }}
        where {{ type }} is not null
        {%- endfor %}
    {%- elif of == 'links' -%}
        {%- for type, other in segmentloom.link_types() %}
        {{ 'union distinct ' if not loop.first }}select
            {{ segmentloom.identifier_key("'" ~ type ~ ":' || " ~ type) }} as identifier_key,
            {{ segmentloom.identifier_key("'" ~ other ~ ":' || " ~ other) }} as other_key
        from {{ segmentloom.retractions(step) }}
        where {{ type }} is not null and {{ other }} is not null
        {%- endfor %}
    {%- elif of == 'owners' -%}
        select distinct owner_key from {{ segmentloom.retractions(step) }} where owner_key is not null
    {%- elif of == 'events' -%}
        select distinct source_id, event_id from {{ segmentloom.retractions(step) }}
    {%- endif -%}
{%- endmacro %}
