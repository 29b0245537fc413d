{#-
    The keys of the digests by which requests of privacy bar people: `relation`, and their `ids` in order. The keys themselves never
    become part of a statement. Without a request there is no table, and a shadow bars nobody.
-#}
{% macro suppression_keys() -%}
    {%- set table = segmentloom.suppression_key_table() -%}
    {%- set ids = [] -%}
    {%- if execute and not segmentloom.is_shadow() and adapter.get_relation(table.database, table.schema, table.identifier) -%}
        {%- for row in run_query('select key_id from ' ~ table ~ ' as known order by key_id').rows -%}
            {%- do ids.append(row[0]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return({'relation': table, 'ids': ids}) }}
{%- endmacro %}

{#- Lets dbt list the schema of the table at the start of a run: in the midst of a model it would begin a transaction for that. -#}
{% macro look_for_suppression_keys() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set table = segmentloom.suppression_key_table() -%}
        {%- do adapter.get_relation(table.database, table.schema, table.identifier) -%}
    {%- endif -%}
{%- endmacro %}

{% macro suppression_key_table() -%}
    {{ return(api.Relation.create(
        database=target.database,
        schema=segmentloom.live_schema() ~ '_privacy',
        identifier='suppression_keys',
    )) }}
{%- endmacro %}
