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
            'select (select count(*) from ' ~ scratch.changed ~ ') as changed, '
            ~ '(select count(*) from ' ~ conditions ~ ') as profiles'
        ).rows[0] -%}
        {#- What changed of few profiles fits anywhere; of most of many, all audiences at once take memory that one by one do
            not. -#}
        {%- if sizes[0] > 100000 and sizes[0] > 0.3 * sizes[1] -%}{{ return([]) }}{%- endif -%}
    {%- endif -%}
    {{ return(followers) }}
{%- endmacro %}

{# Compares what changed of those audiences: the conditions of changed profiles are read once for all. #}
{% macro compare_changed(published, followers, tables, conditions, scratch, made) -%}
    {%- set only = 'profile_id in (select profile_id from ' ~ scratch.changed ~ ')' -%}
    {%- do made.update({'conditions': scratch.conditions, 'known': scratch.known, 'members': scratch.members}) -%}
    {%- set columns = segmentloom.named_conditions(conditions) -%}
    {%- do run_query(segmentloom.scratch_table(
        scratch.conditions, 'select * from ' ~ segmentloom.words_relation(conditions, columns) ~ ' as words where ' ~ only
    )) -%}
    {%- do run_query(segmentloom.scratch_table(
        scratch.known,
        'select audience, profile_id from ' ~ tables['members'] ~ ' as members where audience in ('
            ~ segmentloom.text_list(followers) ~ ') and ' ~ only
    )) -%}
    {%- for names in followers | batch(50) -%}
        {%- set members, definitions, begins = [], [], loop.first -%}
        {%- for name in names -%}
            {%- do members.append(
                'select ' ~ segmentloom.literal(name) ~ ' as audience, profile_id from '
                ~ segmentloom.members_among_profiles(published[name], definitions, only)
            ) -%}
        {%- endfor -%}
        {%- set sql = segmentloom.among_profiles(members, definitions, columns, scratch.conditions) -%}
        {%- do run_query(
            segmentloom.scratch_table(scratch.members, sql) if begins else 'insert into ' ~ scratch.members ~ ' ' ~ sql
        ) -%}
    {%- endfor -%}
    {%- do run_query('insert into ' ~ scratch.moves ~ ' ' ~ segmentloom.moves_between(
        'select audience, profile_id from ' ~ scratch.members ~ ' as members',
        'select audience, profile_id from ' ~ scratch.known ~ ' as known',
    )) -%}
{%- endmacro %}
