{#- The contraction that the map of identifiers is made with, alone: a model's SQL gives its links, a table gets its rows. -#}
{% materialization spanning_forest, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set scratch = namespace(relations={}, statements=0) -%}
    {%- set rounds = segmentloom.spanning_forest(scratch, '(' ~ sql ~ ')') -%}
    {% call statement('main') -%}
        create or replace table {{ target_relation }} as
        select * from ({{ segmentloom.forest_rows(rounds) }}) as forest
    {%- endcall -%}
    {%- do log('segmentloom: ' ~ this.identifier ~ ' ' ~ rounds | length ~ ' ' ~ (scratch.statements + 1)) -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
