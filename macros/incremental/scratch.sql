{#- Scratch tables of the running model. `scratch` keeps account: {relations: {}, statements: 0}. -#}

{# Makes one and returns its relation. #}
{% macro make_scratch(scratch, name, sql) -%}
    {%- set relation = segmentloom.scratch_relation(this.identifier ~ '__' ~ name) -%}
    {%- do run_query(segmentloom.scratch_table(relation, sql)) -%}
    {%- do scratch.relations.update({name: relation}) -%}
    {%- set scratch.statements = scratch.statements + 1 -%}
    {{ return(relation) }}
{%- endmacro %}

{# The numbers of the one row that a query answers with. #}
{% macro scratch_numbers(scratch, sql) -%}
    {%- set scratch.statements = scratch.statements + 1 -%}
    {%- set numbers = [] -%}
    {%- for value in run_query(sql).rows[0] -%}{%- do numbers.append(value | int) -%}{%- endfor -%}
    {{ return(numbers) }}
{%- endmacro %}

{# Drops them all. What a killed run left ends with its connection; on BigQuery it expires after some hours. #}
{% macro drop_scratch(scratch) -%}
    {%- for relation in scratch.relations.values() -%}
        {%- do segmentloom.drop_scratch_table(relation) -%}
    {%- endfor -%}
{%- endmacro %}
