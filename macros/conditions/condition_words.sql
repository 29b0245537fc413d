{#-
    How the answers to conditions are stored: as bits of whole numbers, the words, 62 of them in each, in the order of
    `plan.columns`. Hundreds of columns that hold a boolean each take an engine a hundred times as long to write, and a step
    would write all of them anew for the few profiles that it looks at.

    `int_segmentloom__conditions` is a view that gives every condition its name again. The table under it is named after the
    conditions that are in it: with others a new one is made, and the view goes over to it in one statement.
-#}

{# That table beside the view, for conditions in their order. #}
{% macro words_relation(view, columns) -%}
    {{ return(view.incorporate(
        path={'identifier': 'int_segmentloom__condition_words_' ~ local_md5(columns | join(' '))[:8]}, type='table'
    )) }}
{%- endmacro %}

{# The conditions that the view gives a name, in that order. By a query: dbt's adapter, when asked for columns, leaves a
   transaction open on DuckDB. #}
{% macro named_conditions(view) -%}
    {%- set columns = [] -%}
    {%- for column in run_query('select * from ' ~ view ~ ' limit 0').columns if column.name | lower != 'profile_id' -%}
        {%- do columns.append(column.name | lower) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{# Where each of these conditions is: column -> its number. #}
{% macro places(columns) -%}
    {%- set found = {} -%}
    {%- for column in columns -%}{%- do found.update({column: loop.index0}) -%}{%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Whether the condition at a place holds, by the words of some relation. #}
{% macro stored_answer(place, relation=none) -%}
    {{ return(segmentloom.bit_is_set((relation ~ '.' if relation else '') ~ 'word_' ~ place // 62, place % 62) | trim) }}
{%- endmacro %}

{# The sum of some terms, nested no deeper than eight: parsers have their limits. #}
{% macro added_up(terms) -%}
    {%- set sums = [] -%}
    {%- for few in terms | batch(8) -%}{%- do sums.append('(' ~ few | join(' + ') ~ ')') -%}{%- endfor -%}
    {{ return(sums | join(' + ')) }}
{%- endmacro %}

{# The named answers to all conditions, or to `only` some, from a relation with the columns of that table. In few characters:
   BigQuery takes no view of more than 262,144. #}
{% macro unpacked_conditions(columns, relation, only=none) -%}
    {%- set selected, asked = ['profile_id'], segmentloom.places(columns if only is none else only) -%}
    {%- for column, place in segmentloom.places(columns).items() if column in asked -%}
        {%- do selected.append(segmentloom.stored_answer(place) ~ ' as ' ~ column) -%}
    {%- endfor -%}
    select {{ selected | join(', ') }} from {{ relation }} as words
{%- endmacro %}

{# Lets the view show the table of these conditions, and drops all others that there may be by the state table
   `condition_words`. #}
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
