{# The statements that take all members out of an audience that is no longer in the project; its log and sizes stay. #}
{% macro retire_statements(name, tables) -%}
    {%- set mine = ' where audience = ' ~ segmentloom.literal(name) -%}
    {{ return([
        'insert into ' ~ tables['audience_membership_log'] ~ ' (audience, profile_id, change, changed_at)'
            ~ " select audience, profile_id, 'exit', " ~ segmentloom.as_of() ~ ' from ' ~ tables['members'] ~ mine,
        'delete from ' ~ tables['members'] ~ mine,
        'delete from ' ~ tables['publications'] ~ mine,
        'delete from ' ~ segmentloom.state_relation('failed_audiences') ~ mine,
    ]) }}
{%- endmacro %}
