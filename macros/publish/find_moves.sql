{#-
    Finds who enters and who leaves, in a scratch table `moves`: audience, profile_id, change. Audiences share statements:
    so many in each that none grows too long.

    Of the audiences that follow the changes of conditions only profiles are compared that changed since, all audiences at
    once; the others are compared as a whole, one by one, as are all where most of many profiles changed.
-#}
{% macro find_moves(published, tables, conditions) -%}
    {%- set scratch = {} -%}
    {%- for name in ['changed', 'conditions', 'known', 'members', 'moves'] -%}
        {%- do scratch.update({name: segmentloom.scratch_beside(tables['members'], 'int_segmentloom__published_' ~ name)}) -%}
    {%- endfor -%}
    {%- set made = {'moves': scratch.moves} -%}
    {%- do run_query(segmentloom.scratch_table(scratch.moves, segmentloom.no_moves())) -%}
    {%- set followers = segmentloom.following_audiences(published, tables, conditions, scratch, made) -%}
    {%- if followers -%}
        {%- do segmentloom.compare_changed(published, followers, tables, conditions, scratch, made) -%}
    {%- endif -%}
    {%- for names in published.keys() | reject('in', followers) | batch(50) -%}
        {%- set moves, definitions = [], [] -%}
        {%- for name in names -%}
            {%- do moves.append(segmentloom.moves_between(
                'select profile_id from ' ~ segmentloom.members_among_profiles(published[name], definitions),
                'select profile_id from ' ~ tables['members'] ~ ' as members where audience = ' ~ segmentloom.literal(name),
                segmentloom.literal(name),
            )) -%}
        {%- endfor -%}
        {%- set columns = segmentloom.named_conditions(conditions) if definitions else [] -%}
        {%- set words = segmentloom.words_relation(conditions, columns) -%}
        {%- do run_query(
            'insert into ' ~ scratch.moves ~ ' ' ~ segmentloom.among_profiles(moves, definitions, columns, words)
        ) -%}
    {%- endfor -%}
    {{ return(made) }}
{%- endmacro %}

{# The members of an audience: a relation, and whom to take of it. From the answers to conditions, whose definition is added to
   the list, and not from its model's view: an engine takes longer to read hundreds of views than to read what is in them.
   One that uses other audiences is asked as its model asks. #}
{% macro members_among_profiles(now, definitions, only=none) -%}
    {%- if now.definition and not segmentloom.used_audiences(now.definition) -%}
        {%- do definitions.append(now.definition) -%}
        profiles where {{ segmentloom.membership_condition(now.definition) | trim }}
    {%- else -%}
        {{ now.relation }} as members {{ 'where ' ~ only if only }}
    {%- endif -%}
{%- endmacro %}

{# Queries of such as one, in which `profiles` has the conditions that these definitions ask for. #}
{% macro among_profiles(queries, definitions, columns, words) -%}
    {%- set asked = [] -%}
    {%- for definition in definitions -%}
        {%- for leaf in segmentloom.deciding_leaves(definition) -%}
            {%- do asked.append(segmentloom.condition_column(leaf)) -%}
        {%- endfor -%}
    {%- endfor -%}
    select * from (
        {% if definitions %}with profiles as ({{ segmentloom.unpacked_conditions(columns, words, asked) }}){% endif %}
        {{ queries | join(' union all ') }}
    ) as found
{%- endmacro %}

{# The moves from one relation of audience and profile_id to another, or of profile_id where all are of one `audience`: one
   pass over both. #}
{% macro moves_between(members, known, audience=none) -%}
    select
        {{ audience or 'coalesce(members.audience, known.audience)' }} as audience,
        coalesce(members.profile_id, known.profile_id) as profile_id,
        case when known.profile_id is null then 'enter' else 'exit' end as change

    from ({{ members }}) as members
    full outer join ({{ known }}) as known
        on known.profile_id = members.profile_id{{ ' and known.audience = members.audience' if not audience }}

    where members.profile_id is null or known.profile_id is null
{%- endmacro %}

{# A select without rows that has the columns of moves. #}
{% macro no_moves() -%}
    {%- set text = dbt.type_string() -%}
    select cast(null as {{ text }}) as audience, cast(null as {{ text }}) as profile_id, cast(null as {{ text }}) as change
    from (select 1 as one) as nobody
    where 1 = 0
{%- endmacro %}
