{#-
    The statements that make the published members those of the models, and log who entered and left, for one transaction.
    They fail when another run has published meanwhile: who moves was found before.

    known   how many runs have published, as of which the moves were found
-#}
{% macro publish_statements(published, scratch, tables, known) -%}
    {%- set members, log_ = tables['members'], tables['audience_membership_log'] -%}
    {%- set sizes, publications = tables['audience_sizes'], tables['publications'] -%}
    {%- set mine = ' where audience in (' ~ segmentloom.text_list(published.keys() | list) ~ ')' -%}
    {%- set rows = [] -%}
    {%- for name, now in published.items() -%}
        {%- do rows.append(
            '(' ~ [
                segmentloom.literal(name), now.evaluated_at, "'" ~ now.generation ~ "'", now.batch, "'" ~ now.rules ~ "'",
            ] | join(', ') ~ ')'
        ) -%}
    {%- endfor -%}
    {%- set runs = 'int_segmentloom__publications' -%}
    {{ return([
        segmentloom.delete_keys(
            members, ['audience', 'profile_id'], 'select audience, profile_id from ' ~ scratch.moves ~ " where change = 'exit'"
        ),
        'delete from ' ~ publications ~ mine,
    ] + ([segmentloom.expect_progress(runs, 'runs', known)] if known else []) + [
        'insert into ' ~ publications ~ ' (audience, evaluated_at, generation, batch, rules) values ' ~ rows | join(', '),
        'insert into ' ~ members ~ ' (audience, profile_id, entered_at)'
            ~ ' select moves.audience, moves.profile_id, publications.evaluated_at from ' ~ scratch.moves ~ ' as moves'
            ~ ' inner join ' ~ publications ~ ' as publications on publications.audience = moves.audience'
            ~ " where moves.change = 'enter'",
        'insert into ' ~ log_ ~ ' (audience, profile_id, change, changed_at)'
            ~ ' select moves.audience, moves.profile_id, moves.change, publications.evaluated_at'
            ~ ' from ' ~ scratch.moves ~ ' as moves'
            ~ ' inner join ' ~ publications ~ ' as publications on publications.audience = moves.audience',
        'delete from ' ~ sizes ~ ' where exists (select 1 from ' ~ publications ~ ' as publications'
            ~ ' where publications.audience = ' ~ sizes.identifier ~ '.audience'
            ~ ' and publications.evaluated_at = ' ~ sizes.identifier ~ '.evaluated_at)' ~ mine | replace(' where', ' and'),
        'insert into ' ~ sizes ~ ' (audience, evaluated_at, members)'
            ~ ' select publications.audience, publications.evaluated_at, coalesce(counted.members, 0)'
            ~ ' from (select audience, evaluated_at from ' ~ publications ~ mine ~ ') as publications left join ('
            ~ 'select audience, count(*) as members from ' ~ members ~ mine ~ ' group by audience'
            ~ ') as counted on counted.audience = publications.audience',
        'delete from ' ~ tables['condition_changes'] ~ ' where batch < ' ~ (published.values() | map(attribute='batch') | max)
            ~ ' - ' ~ segmentloom.kept_changes(),
    ] + segmentloom.progress_statements(runs, 'runs', known + 1)) }}
{%- endmacro %}
