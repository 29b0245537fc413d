{#-
    How the answers to conditions are stored: as bits of whole numbers, 62 of them in a column, in the order of the conditions'
    names. Hundreds of columns that hold a boolean each take an engine a hundred times as long to write, and a step would
    write all of them anew for the few profiles that it looks at.

    `int_segmentloom__conditions` is a view that gives every condition its name again. The table under it is named after the
    conditions that are in it: with others a new one is made, and the view goes over to it in one statement.
-#}

{# That table beside the view, for conditions in the order of their names. #}
{% macro words_relation(view, columns) -%}
    {{ return(view.incorporate(
        path={'identifier': 'int_segmentloom__condition_words_' ~ local_md5(columns | join(' '))[:8]}, type='table'
    )) }}
{%- endmacro %}

{# The conditions that a relation gives a name, in that order. #}
{% macro named_conditions(relation) -%}
    {%- set columns = [] -%}
    {%- for column in run_query('select * from ' ~ relation ~ ' limit 0').columns if column.name | lower != 'profile_id' -%}
        {%- do columns.append(column.name | lower) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{# The rows of that table, from a query that gives profile_id and a boolean for each condition. #}
{% macro packed_conditions(columns, sql) -%}
    select
        profile_id
        {%- for word in columns | batch(62) %},
        cast({% for column in word %}{{ ' + ' if not loop.first }}case when {{ column }} then {{ 2 ** loop.index0 }} else 0 end{% endfor %} as {{ dbt.type_bigint() }}) as word_{{ loop.index0 }}
        {%- endfor %}

    from ({{ sql }}) as conditions
{%- endmacro %}

{# The reverse: all conditions, or `only` some, from a relation with the columns of that table. #}
{% macro unpacked_conditions(columns, relation, only=none) -%}
    select
        profile_id
        {%- for column in columns if only is none or column in only %},
        {{ segmentloom.bit_is_set('word_' ~ columns.index(column) // 62, columns.index(column) % 62) | trim }} as {{ column }}
        {%- endfor %}

    from {{ relation }} as words
{%- endmacro %}

{# Lets the view show the table of these conditions, and drops all others that there may be by the state table `condition_words`. #}
{% macro show_conditions(view, columns) -%}
    {%- set words, existing = segmentloom.words_relation(view, columns), load_cached_relation(this) -%}
    {%- set known = segmentloom.state_relation('condition_words') -%}
    {%- if existing is not none and not existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- do run_query('create or replace view ' ~ view ~ ' as ' ~ segmentloom.unpacked_conditions(columns, words)) -%}
    {%- for row in run_query('select distinct table_name from ' ~ known).rows if row[0] != words.identifier -%}
        {%- do adapter.drop_relation(words.incorporate(path={'identifier': row[0]})) -%}
        {%- do segmentloom.run_together(['delete from ' ~ known ~ ' where table_name = ' ~ segmentloom.literal(row[0])]) -%}
    {%- endfor -%}
{%- endmacro %}
