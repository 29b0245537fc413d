{# The e-mail of an event: the given one, else the first non-blank text among traits.email, context.traits.email, properties.email. #}
{% macro event_email(email, traits, context, properties) -%}
    coalesce(
        {{ email }}
        {%- for column, path in [(traits, ['email']), (context, ['traits', 'email']), (properties, ['email'])] %},
        case
            when {{ segmentloom.json_kind(column, path) }} = 'string'
                then {{ segmentloom.trim_blanks(segmentloom.json_text(column, path)) }}
        end
        {%- endfor %}
    )
{%- endmacro %}
