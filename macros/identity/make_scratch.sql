{# Makes a scratch table of the running model and returns its relation; `scratch.relations` is what to drop in the end. #}
{% macro make_scratch(scratch, name, sql) -%}
    {%- set relation = this.incorporate(path={'identifier': this.identifier ~ '__' ~ name}, type='table') -%}
    {%- do run_query(segmentloom.scratch_table(relation, sql)) -%}
    {%- do scratch.relations.update({name: relation}) -%}
    {%- set scratch.statements = scratch.statements + 1 -%}
    {{ return(relation) }}
{%- endmacro %}

{# The one number that a query answers with. #}
{% macro scratch_number(scratch, sql) -%}
    {%- set scratch.statements = scratch.statements + 1 -%}
    {{ return(run_query(sql).columns[0].values()[0] | int) }}
{%- endmacro %}
