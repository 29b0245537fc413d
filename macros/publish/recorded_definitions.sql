{# The definition of each audience by the newest row of `audience_changes`: name -> text. Those that have gone are not among
   them. #}
{% macro recorded_definitions(changes) -%}
    {%- set found = {} -%}
    {%- if load_relation(changes) -%}
        {%- set newest -%}
            select
                numbered.audience,
                numbered.new_definition
            from (
                select
                    audience,
                    new_definition,
                    row_number() over (partition by audience order by changed_at desc) as place
                from {{ changes }}
            ) as numbered
            where numbered.place = 1 and numbered.new_definition is not null
        {%- endset -%}
        {%- for row in run_query(newest).rows -%}
            {%- do found.update({row[0]: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
