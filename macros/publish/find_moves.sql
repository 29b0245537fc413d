{#-
    Finds who enters and who leaves, in a scratch table `moves`: audience, profile_id, change. Audiences share statements:
    so many in each that none grows too long.
-#}
{% macro find_moves(published, tables) -%}
    {%- set scratch = {
        'changed': segmentloom.scratch_beside(tables['members'], 'int_segmentloom__changed'),
        'moves': segmentloom.scratch_beside(tables['members'], 'int_segmentloom__moves'),
    } -%}
    {%- set oldest = published.values() | map(attribute='known_batch') | reject('none') | list -%}
    {%- do run_query(segmentloom.scratch_table(
        scratch.changed,
        'select profile_id, max(batch) as batch from ' ~ tables['condition_changes']
            ~ ' where batch > ' ~ (oldest | min if oldest else 0) ~ (' and 1 = 0' if not oldest else '') ~ ' group by profile_id'
    )) -%}
    {%- for names in published.keys() | batch(50) -%}
        {%- set moves = [] -%}
        {%- for name in names -%}{%- do moves.append(segmentloom.moves_of(name, published[name], scratch.changed, tables)) -%}{%- endfor -%}
        {%- set sql = moves | join('\n\nunion all\n\n') -%}
        {%- do run_query(segmentloom.scratch_table(scratch.moves, sql) if loop.first else 'insert into ' ~ scratch.moves ~ ' ' ~ sql) -%}
    {%- endfor -%}
    {{ return(scratch) }}
{%- endmacro %}

{# The moves of one audience: one pass over both sides. #}
{% macro moves_of(name, now, changed, tables) -%}
    {%- set only = 'profile_id in (select profile_id from ' ~ changed ~ ' where batch > ' ~ now.known_batch ~ ')' if now.known_batch is not none -%}
    select
        {{ segmentloom.literal(name) }} as audience,
        coalesce(members.profile_id, known.profile_id) as profile_id,
        case when known.profile_id is null then 'enter' else 'exit' end as change

    from (
        select profile_id from {{ now.relation }} as members
        {{ 'where ' ~ only if only }}
    ) as members
    full outer join (
        select profile_id from {{ tables['members'] }} as known
        where audience = {{ segmentloom.literal(name) }}
        {{ 'and ' ~ only if only }}
    ) as known on known.profile_id = members.profile_id

    where members.profile_id is null or known.profile_id is null
{%- endmacro %}
