{# The statements that make an audience's published members those of its model, and log who entered and left. #}
{% macro publish_statements(name, relation, tables) -%}
    {%- set audience = segmentloom.literal(name) -%}
    {%- set membership = tables['audience_membership'] -%}
    {%- set at = segmentloom.as_of() -%}
    {%- set left_out -%}
audience = {{ audience }} and profile_id not in (select profile_id from {{ relation }})
    {%- endset -%}
    {%- set newcomers -%}
from {{ relation }} as members
left join {{ membership }} as known
    on known.profile_id = members.profile_id and known.audience = {{ audience }}
where known.profile_id is null
    {%- endset -%}
    {{ return([
        'insert into ' ~ tables['audience_membership_log'] ~ ' (audience, profile_id, change, changed_at)'
            ~ " select audience, profile_id, 'exit', " ~ at ~ ' from ' ~ membership ~ ' where ' ~ left_out,
        'insert into ' ~ tables['audience_membership_log'] ~ ' (audience, profile_id, change, changed_at)'
            ~ ' select ' ~ audience ~ ", members.profile_id, 'enter', " ~ at ~ ' ' ~ newcomers,
        'delete from ' ~ membership ~ ' where ' ~ left_out,
        'insert into ' ~ membership ~ ' (audience, profile_id, entered_at, evaluated_at)'
            ~ ' select ' ~ audience ~ ', members.profile_id, ' ~ at ~ ', ' ~ at ~ ' ' ~ newcomers,
        'update ' ~ membership ~ ' set evaluated_at = ' ~ at ~ ' where audience = ' ~ audience,
        'delete from ' ~ tables['audience_sizes'] ~ ' where audience = ' ~ audience ~ ' and evaluated_at = ' ~ at,
        'insert into ' ~ tables['audience_sizes'] ~ ' (audience, evaluated_at, members)'
            ~ ' select ' ~ audience ~ ', ' ~ at ~ ', count(*) from ' ~ relation,
    ]) }}
{%- endmacro %}
