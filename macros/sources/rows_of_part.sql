{# The rows of one part, column by column. #}
{% macro rows_of_part(part) -%}
    {%- set names = segmentloom.part_columns() -%}
    {%- set text = dbt.type_string() -%}
    select
        {%- for name in names.texts %}
        {{ segmentloom.trim_blanks('cast(' ~ (part.texts.get(name) or 'null') ~ ' as ' ~ text ~ ')') }} as {{ name }},
        {%- endfor %}
        {%- for name in names.times %}
        {{ part.times.get(name) or 'cast(null as ' ~ segmentloom.type_timestamp() ~ ')' }} as {{ name }},
        {%- endfor %}
        {%- for name in names.objects %}
        {{ part.objects.get(name) or "'{}'" }} as {{ name }},
        {%- endfor %}
        cast({{ part.get('place') or 'null' }} as {{ text }}) as place,
        cast({{ part.get('refusal') or 'null' }} as {{ text }}) as refusal

    from {{ part.rows }}
    {%- if part.get('where') %}

    where {{ part.where }}
    {%- endif %}
{%- endmacro %}

{# The columns of an event by how a part says them. #}
{% macro part_columns() -%}
    {{ return({
        'texts': ['event_id', 'type', 'event', 'anonymous_id', 'user_id', 'previous_id', 'email'],
        'times': ['occurred_at', 'received_at', 'loaded_at'],
        'objects': ['properties', 'traits', 'context'],
    }) }}
{%- endmacro %}
