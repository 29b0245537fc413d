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
        {#- What changed of few profiles fits anywhere; of most of many, all audiences at once take memory that one by one do not. -#}
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
        {%- set members, begins, asked = [], loop.first, [] -%}
        {%- for name in names -%}
            {%- set now = published[name] -%}
            {#- One that uses other audiences is asked as its model asks. -#}
            {%- set found = now.relation ~ ' as members where ' ~ only if segmentloom.used_audiences(now.definition)
                else 'profiles where ' ~ segmentloom.membership_condition(now.definition) | trim -%}
            {%- for leaf in segmentloom.definition_leaves(now.definition) -%}{%- do asked.append(segmentloom.condition_column(leaf)) -%}{%- endfor -%}
            {%- do members.append('select ' ~ segmentloom.literal(name) ~ ' as audience, profile_id from ' ~ found) -%}
        {%- endfor -%}
        {%- set sql -%}
            select * from (
                with profiles as ({{ segmentloom.unpacked_conditions(columns, scratch.conditions, asked) }})
                {{ members | join(' union all ') }}
            ) as found
        {%- endset -%}
        {%- do run_query(segmentloom.scratch_table(scratch.members, sql) if begins else 'insert into ' ~ scratch.members ~ ' ' ~ sql) -%}
    {%- endfor -%}
    {%- do run_query('insert into ' ~ scratch.moves ~ ' ' ~ segmentloom.moves_between(
        'select audience, profile_id from ' ~ scratch.members ~ ' as members',
        'select audience, profile_id from ' ~ scratch.known ~ ' as known',
    )) -%}
{%- endmacro %}
