{#-
    Finds who enters and who leaves, in a scratch table `moves`: audience, profile_id, change. Audiences share statements:
    so many in each that none grows too long.

    Of the audiences that follow the changes of conditions only profiles are compared that changed since, all audiences at
    once; the others are compared as a whole, one by one, as are all where most profiles changed.
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
        {%- set moves = [] -%}
        {%- for name in names -%}
            {%- do moves.append(segmentloom.moves_between(
                'select profile_id from ' ~ published[name].relation ~ ' as members',
                'select profile_id from ' ~ tables['members'] ~ ' as members where audience = ' ~ segmentloom.literal(name),
                segmentloom.literal(name),
            )) -%}
        {%- endfor -%}
        {%- do run_query('insert into ' ~ scratch.moves ~ ' ' ~ moves | join(' union all ')) -%}
    {%- endfor -%}
    {{ return(made) }}
{%- endmacro %}

{# The audiences of which to compare changed profiles alone, those being in the scratch table `changed` then. #}
{% macro following_audiences(published, tables, conditions, scratch, made) -%}
    {%- set followers, batches = [], [] -%}
    {%- for name, now in published.items() if now.known_batch is not none -%}
        {%- do followers.append(name) -%}
        {%- do batches.append(now.known_batch) -%}
    {%- endfor -%}
    {%- if followers -%}
        {%- do made.update({'changed': scratch.changed}) -%}
        {%- do run_query(segmentloom.scratch_table(
            scratch.changed,
            'select distinct profile_id from ' ~ tables['condition_changes'] ~ ' where batch > ' ~ batches | min
        )) -%}
        {%- set sizes = run_query(
            'select (select count(*) from ' ~ scratch.changed ~ ') as changed, (select count(*) from ' ~ conditions ~ ') as profiles'
        ).rows[0] -%}
        {%- if sizes[0] > 0.3 * sizes[1] -%}{{ return([]) }}{%- endif -%}
    {%- endif -%}
    {{ return(followers) }}
{%- endmacro %}

{# Compares what changed of those audiences: the conditions of changed profiles are read once for all. #}
{% macro compare_changed(published, followers, tables, conditions, scratch, made) -%}
    {%- set only = 'profile_id in (select profile_id from ' ~ scratch.changed ~ ')' -%}
    {%- do made.update({'conditions': scratch.conditions, 'known': scratch.known, 'members': scratch.members}) -%}
    {%- do run_query(segmentloom.scratch_table(
        scratch.conditions, 'select * from ' ~ conditions ~ ' as conditions where ' ~ only
    )) -%}
    {%- do run_query(segmentloom.scratch_table(
        scratch.known,
        'select audience, profile_id from ' ~ tables['members'] ~ ' as members where audience in ('
            ~ segmentloom.text_list(followers) ~ ') and ' ~ only
    )) -%}
    {%- for names in followers | batch(50) -%}
        {%- set members, begins = [], loop.first -%}
        {%- for name in names -%}
            {%- set now = published[name] -%}
            {#- One that uses other audiences is asked as its model asks. -#}
            {%- set found = now.relation ~ ' as members where ' ~ only if segmentloom.used_audiences(now.definition)
                else scratch.conditions ~ ' as profiles where ' ~ segmentloom.membership_condition(now.definition) | trim -%}
            {%- do members.append('select ' ~ segmentloom.literal(name) ~ ' as audience, profile_id from ' ~ found) -%}
        {%- endfor -%}
        {%- set sql = members | join(' union all ') -%}
        {%- do run_query(segmentloom.scratch_table(scratch.members, sql) if begins else 'insert into ' ~ scratch.members ~ ' ' ~ sql) -%}
    {%- endfor -%}
    {%- do run_query('insert into ' ~ scratch.moves ~ ' ' ~ segmentloom.moves_between(
        'select audience, profile_id from ' ~ scratch.members ~ ' as members',
        'select audience, profile_id from ' ~ scratch.known ~ ' as known',
    )) -%}
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
