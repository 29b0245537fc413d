{#-
    A select of all columns of `events` and usable_user_id, usable_email, usable_anonymous_id: the identifier, or null
    where its value is blocked.
-#}
{% macro usable_identifiers(events) -%}
    {%- set types = segmentloom.identifier_types() -%}
    select
        events.*,
        {%- for type in types %}
        case when blocked_{{ type }}.identifier_value is null then events.{{ type }} end as usable_{{ type }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ events }} as events
    {%- for type in types %}
    left join {{ ref('int_segmentloom__blocked_identifiers') }} as blocked_{{ type }}
        on
            blocked_{{ type }}.identifier_type = '{{ type }}'
            and blocked_{{ type }}.identifier_value = lower(events.{{ type }})
    {%- endfor %}
{%- endmacro %}

{# Types that stitch, the strongest first: an event belongs to its strongest identifier. #}
{% macro identifier_types() -%}
    {{ return(['user_id', 'email', 'anonymous_id']) }}
{%- endmacro %}

{# The pairs of types that one event can link, the stronger first. #}
{% macro link_types() -%}
    {{ return([('user_id', 'email'), ('user_id', 'anonymous_id'), ('email', 'anonymous_id')]) }}
{%- endmacro %}

{# The key of an identifier in the graph, from its type and its value as SQL. #}
{% macro graph_key(type, value) -%}
    {{ return(segmentloom.identifier_key(type ~ " || ':' || " ~ value)) }}
{%- endmacro %}
